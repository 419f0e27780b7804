// What everything about namespaces is done with, opened once per thread: libc, the door, netlink, the settings, and nftables where the
// library is there. Knows no pod.
import { AppError } from '../../../core/model/app-error.ts';
import { loadLibc, type Libc } from '../libc.ts';
import { loadLibnftables, type Libnftables } from './libnftables.ts';
import { createNetlink, type Netlink } from './netlink.ts';
import { createNetnsDoor, type NetnsDoor } from './netns.ts';
import { createSysctls, type Sysctls } from './sysctl.ts';

/** Where the kernel's settings are when nothing else is mounted. */
export const defaultSysctlRoot = '/proc/sys/net';

/** The tools of one thread. */
export interface NodeKernel {
  readonly libc: Libc;
  readonly door: NetnsDoor;
  readonly netlink: Netlink;
  readonly sysctls: Sysctls;
  /** The library, or why it is not there. */
  readonly nft: Libnftables | AppError;
  close(): void;
}

/** Opens them for the calling thread. `sysctlRoot`: where the node's /proc/sys/net is mounted. @throws AppError where libc cannot be called. */
export async function openNodeKernel(sysctlRoot: string = defaultSysctlRoot): Promise<NodeKernel> {
  const libc = await loadLibc();
  const nft = await loadLibnftables().catch((error: unknown) => {
    if (error instanceof AppError) return error;
    throw error;
  });
  const door = createNetnsDoor(libc);
  return {
    libc,
    door,
    netlink: createNetlink(libc, door),
    sysctls: createSysctls(door, sysctlRoot),
    nft,
    close: () => door.close(),
  };
}

/** The library. @throws AppError saying that it is not there. */
export function requireNft({ nft }: Pick<NodeKernel, 'nft'>): Libnftables {
  if (nft instanceof AppError) throw nft;
  return nft;
}
