// The policy store over a watched folder of YAML files. Knows nothing of compilation or of who asks.
import type { PolicyStore } from '../../core/policy/store.ts';

export interface FolderStoreOptions {
  /** Made when it does not exist. */
  readonly directory: string;
  /** Epoch ms. */
  readonly now: () => number;
}

export declare function openFolderStore(options: FolderStoreOptions): Promise<PolicyStore>;
