// On which interfaces of a pod its tap listens: all by which others reach the pod, up to a bound, the one of its own address first. Pure; knows no
// socket.

/** An interface of a pod's namespace. */
export interface PodInterface {
  readonly name: string;
  readonly isUp: boolean;
  readonly isLoopback: boolean;
  /** Its frames begin with an Ethernet header, the only kind that the tap reads; a tunnel's do not. */
  readonly isEthernet: boolean;
  /** That others can reach it by: neither loopback nor link-local. */
  readonly addresses: readonly string[];
}

/** What becomes of a pod's interfaces. */
export interface TappedInterfaces {
  /** Names, the one with the pod's own address first; none when no interface has it. */
  readonly heard: readonly string[];
  /** Addresses of `heard` that are not among the pod's own: the pod all the same. */
  readonly further: readonly string[];
  /** By which something may come that nobody tells of, and why. */
  readonly unheard: readonly UnheardInterface[];
}

/** An interface by which something may come that nobody tells of. */
export interface UnheardInterface {
  readonly name: string;
  /** The end of a sentence. */
  readonly why: string;
}

/**
 * Interfaces of one pod that are tapped: its own and those of three more networks. Each takes a ring out of the node's budget, and a pod that
 * makes interfaces at will must not take all of it.
 */
export const mostInterfaces = 4;

const isUsed = ({ isUp, isLoopback, addresses }: PodInterface): boolean =>
  isUp && !isLoopback && addresses.length > 0;

/** `own`: the pod's addresses as the inventory has them. What has no address (ports of a bridge inside the pod) hears what others hear already. */
export function chooseInterfaces(
  interfaces: readonly PodInterface[],
  own: readonly string[],
): TappedInterfaces {
  const used = interfaces.filter(isUsed);
  const isOwn = ({ addresses }: PodInterface): boolean => addresses.some((address) => own.includes(address));
  const first = used.find(isOwn);
  if (first === undefined) return { heard: [], further: [], unheard: [] };
  const others = used.filter((one) => one !== first);
  const readable = others
    .filter(({ isEthernet }) => isEthernet)
    .sort((a, b) => Number(isOwn(b)) - Number(isOwn(a)));
  const heard = [first, ...readable.slice(0, mostInterfaces - 1)];
  const addresses = new Set(heard.flatMap((one) => one.addresses));
  return {
    heard: heard.map(({ name }) => name),
    further: [...addresses].filter((address) => !own.includes(address)),
    unheard: [
      ...readable.slice(mostInterfaces - 1).map(({ name }) => ({
        name,
        why: `the tap listens on ${mostInterfaces} interfaces of a pod`,
      })),
      ...others
        .filter(({ isEthernet }) => !isEthernet)
        .map(({ name }) => ({ name, why: 'it is no Ethernet interface' })),
    ],
  };
}

/** What people should know of them as sentences; '' when there are none. */
export function unheardSentence(unheard: readonly UnheardInterface[]): string {
  const byReason = Map.groupBy(unheard, ({ why }) => why);
  return [...byReason]
    .map(([why, those]) => `What comes by ${those.map(({ name }) => name).join(', ')} is not told: ${why}.`)
    .join(' ');
}
