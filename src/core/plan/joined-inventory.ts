// One inventory of two sources: the pods of this node from one, peers elsewhere and Services from another. Pure but for its listeners.
import type { NodeInventory } from '../model/pod.ts';
import type { InventorySource } from './inventory-source.ts';

/** Who is elsewhere, and which addresses stand before them. */
export interface RemoteSource {
  current(): Pick<NodeInventory, 'peers' | 'services' | 'hosts'>;
  /** Called after it changed. Returns how to stop. */
  onChange(listener: () => void): () => void;
  close(): void;
}

/** What is here goes before what is said of it elsewhere: a pod of this node is never a peer as well. Closes both. */
export function joinInventories(local: InventorySource, remote: RemoteSource): InventorySource {
  let joined: NodeInventory | undefined;
  const listeners = new Set<() => void>();
  const changed = (): void => {
    joined = undefined;
    listeners.forEach((listener) => listener());
  };
  const stops = [local.onChange(changed), remote.onChange(changed)];
  return {
    current: () => (joined ??= join(local.current(), remote.current())),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      for (const stop of stops) stop();
      listeners.clear();
      local.close();
      remote.close();
    },
  };
}

function join(here: NodeInventory, elsewhere: ReturnType<RemoteSource['current']>): NodeInventory {
  const own = new Set([...here.pods, ...here.peers].map(({ id }) => id));
  const hosts = elsewhere.hosts ?? here.hosts;
  const peers = elsewhere.peers.filter(({ id }) => !own.has(id));
  return {
    pods: here.pods,
    peers: [...here.peers, ...peers],
    services: [...here.services, ...elsewhere.services],
    ...(hosts === undefined ? {} : { hosts }),
  };
}
