// Which namespace has which address, kept up while pods come and go, so that finding one pod's does not look at all of them. Holds none
// open, and promises nothing: whoever opens one compares inode and addresses again.
import { statSync } from 'node:fs';
import {
  findNetnsByProcess,
  requireThePods,
  whyNotThePods,
  type Finder,
} from '../../../io/kernel/node/find-netns.ts';
import { closeNetns, openNetns, type Netns } from '../../../io/kernel/node/netns.ts';
import { watchNetns, type NetnsWatcher, type SeenNetns } from '../../../io/kernel/node/watch-netns.ts';
import { AppError } from '../../../core/model/app-error.ts';
import { addressKey } from '../../../core/plan/address-block.ts';

/** What is known of a pod that is looked for. */
export interface WantedPod {
  readonly addresses: readonly string[];
  /** The pod's UID in Kubernetes, for the look through /proc where no file is found. */
  readonly uid?: string | undefined;
}

/** The namespaces of a directory, by address. */
export interface NamespaceIndex {
  /** The pod's namespace, open and checked; undefined while there is none. @throws AppError when what is there is another's. */
  open(pod: WantedPod): Netns | undefined;
  /** Whether the namespace is still the one that its file stands for. */
  isThere(netns: Netns): boolean;
  /** Whether the namespace, held open, has one of these addresses now. @throws AppError when it cannot be looked at. */
  hasOneOf(netns: Netns, addresses: readonly string[]): boolean;
  close(): void;
}

/** What has been seen: by address, all that have it, and the inode behind each file. */
interface Seen {
  readonly byAddress: Map<string, readonly SeenNetns[]>;
  readonly byPath: Map<string, number>;
}

function watchInto({ byAddress, byPath }: Seen, changed: () => void): NetnsWatcher {
  const othersAt = (key: string, { path }: SeenNetns): readonly SeenNetns[] =>
    (byAddress.get(key) ?? []).filter((other) => other.path !== path);
  return {
    ready(seen) {
      byPath.set(seen.path, seen.inode);
      for (const key of seen.addresses.map(addressKey)) byAddress.set(key, [...othersAt(key, seen), seen]);
      changed();
    },
    gone(seen) {
      byPath.delete(seen.path);
      for (const key of seen.addresses.map(addressKey)) {
        const left = othersAt(key, seen);
        if (left.length === 0) byAddress.delete(key);
        else byAddress.set(key, left);
      }
      changed();
    },
  };
}

function openChecked(finder: Finder, path: string, addresses: readonly string[]): Netns {
  const netns = openNetns(path);
  try {
    requireThePods(finder, netns, addresses);
    return netns;
  } catch (error) {
    closeNetns(netns);
    throw error;
  }
}

/** Files may be two names of one namespace. @throws AppError when there are two namespaces: nobody could say which is the pod's. */
function onlyOne(found: readonly SeenNetns[]): SeenNetns | undefined {
  const [first, ...others] = found;
  const second = others.find(({ inode }) => inode !== first?.inode);
  if (first === undefined || second === undefined) return first;
  throw new AppError({
    code: 'NETNS_TWO',
    family: 'refused',
    message: `Two network namespaces have its address, ${first.path} and ${second.path}.`,
    hint: 'Nothing is written into either; remove the one that is no pod.',
  });
}

/** `changed`: something came or went. */
export function createNamespaceIndex(
  finder: Finder,
  { directory, proc = '/proc' }: { readonly directory: string; readonly proc?: string | undefined },
  changed: () => void,
): NamespaceIndex {
  const seen: Seen = { byAddress: new Map(), byPath: new Map() };
  const watch = watchNetns(finder, directory, watchInto(seen, changed));
  return {
    open({ addresses, uid }) {
      const found = onlyOne(addresses.flatMap((address) => seen.byAddress.get(addressKey(address)) ?? []));
      if (found !== undefined) return openChecked(finder, found.path, addresses);
      return uid === undefined ? undefined : findNetnsByProcess(finder, { uid, addresses, proc });
    },
    isThere: ({ path, inode }) =>
      path.startsWith(`${proc}/`)
        ? statSync(path, { throwIfNoEntry: false })?.ino === inode
        : seen.byPath.get(path) === inode,
    hasOneOf: (netns, addresses) => whyNotThePods(finder, netns, { addresses }) === undefined,
    close: () => watch.close(),
  };
}
