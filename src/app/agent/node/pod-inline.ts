// The ports of one pod that the worker carries: listeners made inside the namespace, handed over, and let go of when the last connection
// is gone. Knows no rule; whoever calls keeps the order (listeners, rules, `take`).
import type { InlineMode } from '../../../core/model/abilities.ts';
import type { Peer } from '../../../core/model/identity.ts';
import {
  agentMark,
  connectionMark,
  heartbeatSet,
  listenPort,
  upstreamAddress,
} from '../../../core/plan/node-constants.ts';
import { defaultLimits } from '../../../io/kernel/limits.ts';
import type { DataPlane } from '../../../io/kernel/data-plane.ts';
import type { Netns } from '../../../io/kernel/node/netns.ts';
import type { NodeKernel } from '../../../io/kernel/node/node-kernel.ts';
import type { InlineHandle } from '../../../io/kernel/pod-handles.ts';
import { openTransparentListeners } from '../../../io/kernel/transparent-listener.ts';

/** Whose ports, and who carries them. */
export interface PodInlineOptions {
  readonly kernel: NodeKernel;
  readonly plane: Pick<DataPlane, 'attachPod'>;
  readonly netns: Netns;
  readonly pod: string;
  readonly mode: InlineMode;
  readonly generation: number;
  /** The pod as policies see it now, and its number in the directory. */
  readonly self: () => { readonly peer: Peer; readonly index: number };
  /** The last connection of the last port is gone, and none was taken over since. */
  readonly onIdle: () => void;
}

/** The inline part of one pod. */
export interface PodInline {
  /** Connections are carried now, or still drain. */
  readonly active: boolean;
  /** Listens, so that nobody is refused between the rules and `take`. @throws AppError */
  prepare(): void;
  /** The rules did not come: what `prepare` opened is closed. */
  abandon(): void;
  /** The rules stand: carry these ports. Connections to others drain, at most `withinMs`. @throws AppError */
  take(ports: readonly number[], withinMs: number): Promise<void>;
  /** Connections accepted, open, and moved to another port of the leg, since the pod was taken over; undefined when it is not. */
  stats(): ReturnType<InlineHandle['stats']> | undefined;
  /** What the worker carries now, whoever calls: undefined while it carries nothing. */
  readonly carries: { readonly ipv6: boolean } | undefined;
  /** Lets go of everything within the time. */
  leave(withinMs: number): Promise<void>;
}

class InlinePorts implements PodInline {
  readonly #options: PodInlineOptions;
  #listening: readonly number[] = [];
  #handle: InlineHandle | undefined;
  /** There is a listener for IPv6 beside the one for IPv4, which every namespace has. */
  #ipv6 = false;
  /** Handles whose connections are not all gone yet. */
  readonly #leaving = new Set<InlineHandle>();

  constructor(options: PodInlineOptions) {
    this.#options = options;
  }

  get active(): boolean {
    return this.#handle !== undefined || this.#leaving.size > 0;
  }

  prepare(): void {
    if (this.#handle !== undefined || this.#listening.length > 0) return;
    const { kernel, netns } = this.#options;
    this.#listening = openTransparentListeners(kernel, {
      netnsFd: netns.fd,
      port: listenPort,
      backlog: defaultLimits.backlog,
    });
    this.#ipv6 = this.#listening.length > 1;
  }

  abandon(): void {
    for (const fd of this.#listening) this.#options.kernel.libc.close(fd);
    this.#listening = [];
  }

  async take(ports: readonly number[], withinMs: number): Promise<void> {
    if (ports.length === 0) {
      this.#letGo(withinMs);
      return;
    }
    if (this.#handle === undefined) this.#handle = await this.#attach(ports);
    else await this.#handle.setPorts(ports, withinMs);
  }

  async #attach(ports: readonly number[]): Promise<InlineHandle> {
    const { plane, netns, pod, mode, generation, self } = this.#options;
    const { peer, index } = self();
    const listeningFds = this.#listening;
    // The worker's from here on, also when it fails.
    this.#listening = [];
    return plane.attachPod({
      ...{ pod, netnsFd: netns.fd, listeningFds, listenPort, mode, ports },
      mark: mode === 'fwmark' ? agentMark : connectionMark,
      loopback: upstreamAddress,
      destination: peer,
      destinationPeer: index,
      heartbeatSet: heartbeatSet(generation),
    });
  }

  /** In its own time: nobody waits for connections that may live for long. */
  #letGo(withinMs: number): void {
    const handle = this.#handle;
    if (handle === undefined) return;
    this.#handle = undefined;
    this.#leaving.add(handle);
    void handle.detach(withinMs).then(() => {
      this.#leaving.delete(handle);
      if (!this.active) this.#options.onIdle();
    });
  }

  get carries(): { readonly ipv6: boolean } | undefined {
    return this.#handle && { ipv6: this.#ipv6 };
  }

  stats(): ReturnType<InlineHandle['stats']> | undefined {
    return this.#handle?.stats();
  }

  async leave(withinMs: number): Promise<void> {
    this.abandon();
    const handles = [...this.#leaving, ...(this.#handle === undefined ? [] : [this.#handle])];
    this.#handle = undefined;
    await Promise.all(handles.map((handle) => handle.detach(withinMs)));
  }
}

/** No port yet. */
export const createPodInline = (options: PodInlineOptions): PodInline => new InlinePorts(options);
