// The pods of a node from a watched YAML file (`--pods FILE`). A change that cannot be read is told, and the last good inventory stays.
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { AppError } from '../../core/model/app-error.ts';
import type { NodeInventory } from '../../core/model/pod.ts';
import type { InventorySource } from '../../core/plan/inventory-source.ts';
import { policyLimits } from '../policies/policy-limits.ts';
import { watchFolder } from '../policies/watch-folder.ts';
import { inventoryFileBytes, readInventory, type InventoryRead } from './read-inventory.ts';

/** Where, and who hears that a change was refused. */
export interface FileInventoryOptions {
  readonly path: string;
  /** A whole sentence; each reason once until the file is good again. */
  readonly onRejected: (sentence: string) => void;
}

/** How long the slow look under the kernel's word may take to see a change, ms. */
const lookEveryMs = 1_000;

/** The file's text; unchanged ones are not read again. */
interface FileText {
  /** Undefined when it is as it was. */
  readIfChanged(): InventoryRead | undefined;
}

function cannotRead(path: string, why: string): InventoryRead {
  return { ok: false, code: 'INVENTORY_FILE', message: `The file of pods ${path} cannot be read: ${why}.` };
}

function createFileText(path: string): FileText {
  let stamp = '';
  /** Rewritten within the resolution of its time: read once more. */
  const stampOf = (): string => {
    const found = statSync(path, { bigint: true });
    return `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
  };
  return {
    readIfChanged() {
      try {
        const now = stampOf();
        if (now === stamp) return undefined;
        stamp = now;
        if (statSync(path).size > inventoryFileBytes)
          return cannotRead(path, `it has more than ${inventoryFileBytes / 1024 / 1024} MiB`);
        return readInventory(basename(path), readFileSync(path, 'utf8'));
      } catch (error) {
        stamp = '';
        return cannotRead(path, error instanceof Error ? error.message : String(error));
      }
    },
  };
}

function firstInventory(path: string, text: FileText): NodeInventory {
  const first = text.readIfChanged() ?? cannotRead(path, 'it is empty');
  if (first.ok) return first.inventory;
  throw new AppError({
    code: first.code,
    family: first.code === 'INVENTORY_FILE' ? 'notFound' : 'data',
    message: first.message,
    hint: 'Write pods, peers and services as docs/pods-file.md says.',
  });
}

/** Opens and reads it. @throws AppError when it cannot be read or is wrong: an agent must not start as if there were no pods. */
export function openFileInventory({ path, onRejected }: FileInventoryOptions): InventorySource {
  const text = createFileText(path);
  let inventory = firstInventory(path, text);
  let refused = '';
  const listeners = new Set<() => void>();
  const look = (): void => {
    const read = text.readIfChanged();
    if (read === undefined) return;
    if (!read.ok) {
      if (read.message !== refused) onRejected(`${read.message} The pods stay as they were.`);
      refused = read.message;
      return;
    }
    if (refused !== '') onRejected('The pods’ file is read again.');
    refused = '';
    inventory = read.inventory;
    for (const listener of listeners) listener();
  };
  const watch = watchFolder({
    directory: dirname(path),
    limits: { ...policyLimits, pollMs: lookEveryMs },
    fileCount: () => 1,
    onDirty: look,
    onTick: () => undefined,
  });
  return {
    current: () => inventory,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => watch.close(),
  };
}
