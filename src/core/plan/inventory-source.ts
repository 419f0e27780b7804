// The port behind which the pods of a node are known: a watched file here, the API server later. Knows neither.
import type { NodeInventory } from '../model/pod.ts';

/** Who is where, as it is now. */
export interface InventorySource {
  /** The last one that could be read. */
  current(): NodeInventory;
  /** Called after it changed. Returns how to stop. */
  onChange(listener: () => void): () => void;
  close(): void;
}
