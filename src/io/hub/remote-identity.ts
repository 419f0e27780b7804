// What an agent knows of other nodes: the mirror of what the hub tells, kept in a file, as the source that the plan asks; with its age. Knows
// no socket.
import {
  createIdentityMirror,
  type Received,
  type RemoteInventory,
} from '../../core/identity/identity-mirror.ts';
import type { RemoteSource } from '../../core/plan/joined-inventory.ts';
import type { HubDialLimits } from './hub-limits.ts';
import type { IdentityFile } from './identity-file.ts';

/** Remote peers, with where they come from. */
export interface RemoteIdentity extends RemoteSource {
  current(): RemoteInventory;
  receive(bytes: Uint8Array): Received;
  /** Hash and generation, as the hub is told them. */
  held(): { readonly hash?: string; readonly generation: number };
  /** A hub is connected, or is not any more: what is held is true as long as one is. */
  setConnected(isConnected: boolean): void;
  age(): IdentityAge;
  /** Nothing is written down from now on: what was is to be removed. */
  forget(): void;
}

/** How far what is held can be trusted. */
export interface IdentityAge {
  readonly isConnected: boolean;
  /** Epoch ms when it was last known to be true; undefined: nothing was ever heard. */
  readonly heardMs: number | undefined;
}

/** For which node, from which file, by which clock. */
export interface RemoteIdentityOptions {
  readonly node: string;
  readonly file: IdentityFile | undefined;
  readonly limits: Pick<HubDialLimits, 'keepMs' | 'touchMs'>;
  /** Epoch ms. */
  readonly now: () => number;
  /** A whole sentence for whoever runs the agent. */
  readonly onNotice: (sentence: string) => void;
}

interface Held {
  readonly options: RemoteIdentityOptions;
  file: IdentityFile | undefined;
  readonly mirror: ReturnType<typeof createIdentityMirror>;
  readonly listeners: Set<() => void>;
  inventory: RemoteInventory | undefined;
  heardMs: number | undefined;
  isConnected: boolean;
  keeping: NodeJS.Timeout | undefined;
  /** The last failure to write: told once. */
  told: string | undefined;
}

async function restore(held: Held): Promise<void> {
  const { file } = held;
  const { onNotice } = held.options;
  const kept = await file?.read();
  if (kept === undefined || file === undefined) return;
  const received = held.mirror.receive(kept.bytes);
  if (received.type === 'applied') held.heardMs = kept.heardMs;
  else onNotice(`${file.path} is left aside: it does not hold who is who.`);
}

async function keep(held: Held): Promise<void> {
  held.keeping = undefined;
  const { file } = held;
  const { onNotice } = held.options;
  try {
    await file?.write(held.mirror.snapshot());
    held.told = undefined;
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    if (held.told !== sentence) onNotice(sentence);
    held.told = sentence;
  }
}

function receive(held: Held, bytes: Uint8Array): Received {
  const received = held.mirror.receive(bytes);
  if (received.type !== 'applied') return received;
  held.inventory = undefined;
  held.keeping ??= setTimeout(() => void keep(held), held.options.limits.keepMs);
  held.listeners.forEach((listener) => listener());
  return received;
}

function ageOf({ isConnected, heardMs, mirror, options }: Held): IdentityAge {
  const isTrue = isConnected && mirror.hash() !== undefined;
  return { isConnected, heardMs: isTrue ? options.now() : heardMs };
}

/** Begins with what the file has. */
export async function openRemoteIdentity(options: RemoteIdentityOptions): Promise<RemoteIdentity> {
  const held: Held = {
    ...{ options, file: options.file, mirror: createIdentityMirror(), listeners: new Set() },
    ...{ inventory: undefined, heardMs: undefined, isConnected: false, keeping: undefined, told: undefined },
  };
  await restore(held);
  const touch = setInterval(() => {
    if (ageOf(held).isConnected) void held.file?.touch(options.now());
  }, options.limits.touchMs).unref();
  return {
    current: () => (held.inventory ??= held.mirror.inventoryFor(options.node)),
    receive: (bytes) => receive(held, bytes),
    held() {
      const hash = held.mirror.hash();
      return { ...(hash === undefined ? {} : { hash }), generation: held.mirror.generation() };
    },
    setConnected(isConnected) {
      if (held.isConnected) held.heardMs = ageOf(held).heardMs;
      held.isConnected = isConnected;
    },
    age: () => ageOf(held),
    forget: () => (held.file = undefined),
    onChange(listener) {
      held.listeners.add(listener);
      return () => held.listeners.delete(listener);
    },
    close() {
      clearInterval(touch);
      clearTimeout(held.keeping);
      held.listeners.clear();
      if (held.keeping !== undefined) void keep(held);
    },
  };
}
