// The interfaces of each tapped pod: listed once, and again when the kernel says that something came or went. Knows no ring.
import { chooseInterfaces, type TappedInterfaces } from '../../../core/tap/tapped-interfaces.ts';
import { interfacesIn } from '../../../io/kernel/node/interfaces.ts';
import type { LinkWatch, WatchLinks } from '../../../io/kernel/node/link-watch.ts';
import type { Netlink } from '../../../io/kernel/node/netlink.ts';
import type { Netns } from '../../../io/kernel/node/netns.ts';

/** A pod whose interfaces are asked for. */
export interface LookedAtPod {
  readonly pod: string;
  readonly netns: Pick<Netns, 'fd' | 'inode'>;
  readonly addresses: readonly string[];
}

/** Of all tapped pods. */
export interface PodInterfaces {
  /** As they are now. @throws AppError when nobody can look */
  of(pod: LookedAtPod): TappedInterfaces;
  /** Whether `of` may answer another thing than it did; false for a pod that it was not asked about. */
  haveChanged(pod: string): boolean;
  /** No others are asked about any more. */
  keepOnly(pods: ReadonlySet<string>): void;
}

interface Known {
  readonly watch: LinkWatch;
  /** Of the namespace that is watched. */
  readonly inode: number;
  readonly addresses: string;
  readonly chosen: TappedInterfaces;
}

/** What interfaces are looked at with. */
export interface PodInterfacesOptions {
  readonly netlink: Netlink;
  readonly watchLinks: WatchLinks;
}

class WatchedInterfaces implements PodInterfaces {
  readonly #options: PodInterfacesOptions;
  readonly #known = new Map<string, Known>();
  /** Something has happened since they were listed. */
  readonly #stale = new Set<string>();

  constructor(options: PodInterfacesOptions) {
    this.#options = options;
  }

  of({ pod, netns, addresses }: LookedAtPod): TappedInterfaces {
    if (this.#known.get(pod)?.inode !== netns.inode) this.#forget(pod);
    const known = this.#known.get(pod);
    const asked = addresses.join();
    if (known?.addresses === asked && !this.haveChanged(pod)) return known.chosen;
    // Before the listing, so that nothing falls in between.
    const watch = known?.watch ?? this.#options.watchLinks(netns);
    this.#stale.delete(pod);
    try {
      const chosen = chooseInterfaces(interfacesIn(this.#options.netlink, netns), addresses);
      this.#known.set(pod, { watch, inode: netns.inode, addresses: asked, chosen });
      return chosen;
    } catch (error) {
      watch.close();
      this.#known.delete(pod);
      throw error;
    }
  }

  haveChanged(pod: string): boolean {
    if (this.#known.get(pod)?.watch.changed() === true) this.#stale.add(pod);
    return this.#stale.has(pod);
  }

  keepOnly(pods: ReadonlySet<string>): void {
    for (const pod of [...this.#known.keys()]) if (!pods.has(pod)) this.#forget(pod);
  }

  #forget(pod: string): void {
    this.#known.get(pod)?.watch.close();
    this.#known.delete(pod);
    this.#stale.delete(pod);
  }
}

/** Nobody is looked at yet. */
export const createPodInterfaces = (options: PodInterfacesOptions): PodInterfaces =>
  new WatchedInterfaces(options);
