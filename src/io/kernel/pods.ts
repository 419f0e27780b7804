// The pods of one worker: takes main's orders about them to the loop. Knows neither policy nor bytes.
import { release } from 'node:os';
import { AppError } from '../../core/model/app-error.ts';
import type { Connection } from './connection.ts';
import type { Loop } from './loop.ts';
import { createHeartbeat, refreshesByAdding, type Heartbeat } from './node/heartbeat.ts';
import { createPodService, type PodService, type PodTools } from './pod-service.ts';
import { clearService } from './shared-stats.ts';
import type { InlinePod } from './worker-message.ts';

/** By place among the services' counters. */
export interface Pods {
  /** Throws AppError when a descriptor cannot be had or watched; the pod's are closed then. */
  attach(place: number, pod: InlinePod): void;
  /** From now on these ports; connections to others go within `withinMs`. Throws when they cannot be had; those before stay. */
  setPorts(place: number, ports: readonly number[], withinMs: number): void;
  /** `gone` is called when the last connection is; of a later call for the same pod, which may only shorten its time, nothing is told. */
  detach(place: number, withinMs: number, gone: () => void): void;
  /** The loop has ended: no signs of life any more. */
  close(): void;
}

interface Attached {
  readonly service: PodService;
  readonly heartbeat: Heartbeat | undefined;
}

class AttachedPods implements Pods {
  readonly #tools: PodTools;
  readonly #loop: Loop;
  readonly #pods = new Map<number, Attached>();
  /** Detached, with connections left. */
  readonly #leaving = new Map<number, PodService>();

  constructor(tools: PodTools, loop: Loop) {
    this.#tools = tools;
    this.#loop = loop;
  }

  attach(place: number, pod: InlinePod): void {
    const attached = this.#prepare(place, pod);
    const { service, heartbeat } = attached;
    try {
      this.#loop.attach(service, pod.listeningFds, heartbeat && beatOf(heartbeat));
    } catch (error) {
      heartbeat?.close();
      throw error;
    }
    this.#pods.set(place, attached);
  }

  #prepare(place: number, pod: InlinePod): Attached {
    const { stats, libc } = this.#tools;
    clearService(stats, place);
    try {
      return { service: createPodService(this.#tools, pod, place), heartbeat: this.#heartbeatOf(pod) };
    } catch (error) {
      for (const fd of pod.listeningFds) libc.close(fd);
      throw error;
    }
  }

  setPorts(place: number, ports: readonly number[], withinMs: number): void {
    const attached = this.#pods.get(place);
    if (!attached) return;
    const { service, heartbeat } = attached;
    heartbeat?.setPorts(ports);
    // At once: who is told that the ports are taken over cuts what is still open to them. An error shows at the next beat again.
    heartbeat?.beat();
    const kept = new Set(ports);
    const concerns = (connection: Connection): boolean => !kept.has(connection.ends()?.destinationPort ?? 0);
    this.#loop.depart({ service, concerns, gone: () => undefined }, withinMs);
  }

  detach(place: number, withinMs: number, gone: () => void): void {
    const attached = this.#pods.get(place);
    if (attached) this.#release(place, attached);
    const service = this.#leaving.get(place);
    if (!service) return;
    const last = (): void => {
      this.#leaving.delete(place);
      gone();
    };
    this.#loop.depart({ service, concerns: everyone, gone: attached ? last : () => undefined }, withinMs);
  }

  #release(place: number, { service, heartbeat }: Attached): void {
    this.#pods.delete(place);
    this.#leaving.set(place, service);
    heartbeat?.withdraw();
    this.#loop.detach(service);
    heartbeat?.close();
  }

  close(): void {
    for (const { heartbeat } of this.#pods.values()) heartbeat?.close();
    this.#pods.clear();
  }

  #heartbeatOf({ netnsFd, heartbeatSet, ports }: InlinePod): Heartbeat | undefined {
    if (heartbeatSet === undefined) return undefined;
    const { libc, door } = this.#tools;
    const heartbeat = createHeartbeat(
      { libc, door, netnsFd },
      { set: heartbeatSet, refreshes: refreshesByAdding(release()) },
    );
    heartbeat.setPorts(ports);
    const error = heartbeat.beat();
    if (error === 0) return heartbeat;
    heartbeat.close();
    throw new Error(`the kernel refused its heartbeat (error ${error}).`);
  }
}

const everyone = (): boolean => true;

const beatOf = (heartbeat: Heartbeat) => (): number => heartbeat.beat();

/** No pods yet. */
export const createPods = (tools: PodTools, loop: Loop): Pods => new AttachedPods(tools, loop);

/** Anything that keeps ports of a pod from being taken over, as a sentence. */
export function attachError(pod: string, cause: unknown): AppError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AppError({
    code: cause instanceof AppError ? cause.code : 'CANNOT_ATTACH',
    family: cause instanceof AppError ? cause.family : 'cannotCreate',
    message: `The ports of pod ${pod} cannot be taken over: ${why}`,
    hint: cause instanceof AppError ? cause.hint : 'Its traffic goes on without the agent.',
    cause,
  });
}
