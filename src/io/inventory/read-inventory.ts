// The text of a pods' file to an inventory, or to the sentence that says where it is wrong. Pure; never throws.
import { LineCounter, parseDocument } from 'yaml';
import type { NodeInventory } from '../../core/model/pod.ts';
import { parseInventory } from '../../core/plan/parse-inventory.ts';
import { offsetOf } from '../yaml/offset-of.ts';

/** Largest file, bytes: a thousand pods with their peers and Services take a tenth of it. */
export const inventoryFileBytes = 32 * 1024 * 1024;
/** YAML aliases the file may resolve: stops a billion laughs. */
const aliasLimit = 100;

/** The inventory, or a stable code and a whole sentence that names file, line and reason. */
export type InventoryRead =
  | { readonly ok: true; readonly inventory: NodeInventory }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** `file`: the name for the sentence. */
export function readInventory(file: string, text: string): InventoryRead {
  // A full disk, or the moment between emptying and writing: nobody is `pods: []`, in so many words.
  if (text.trim() === '')
    return {
      ...{ ok: false, code: 'INVENTORY_EMPTY' },
      message: `${file}: it is empty; write "pods: []" where there are no pods.`,
    };
  const lines = new LineCounter();
  const at = (offset: number): string => `${file}, line ${lines.linePos(offset).line}`;
  const notYaml = (where: string, why: string): InventoryRead => ({
    ...{ ok: false, code: 'YAML_INVALID' },
    message: `${where}: ${why}.`,
  });
  let value: unknown;
  try {
    const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent' });
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined)
      return notYaml(
        at(problem.pos[0]),
        firstLine(problem.message).replace(/ at line \d+, column \d+:?$/, ''),
      );
    value = document.toJS({ maxAliasCount: aliasLimit });
    const parsed = parseInventory(value);
    if (parsed.ok) return parsed;
    const { contents } = document;
    const where = contents === null ? file : at(offsetOf(contents, parsed.path));
    return { ok: false, code: parsed.code, message: `${where}: ${parsed.message}` };
  } catch (error) {
    return notYaml(file, error instanceof Error ? firstLine(error.message) : 'it cannot be read');
  }
}

const firstLine = (text: string): string => (text.split('\n', 1)[0] ?? '').replace(/[.:]$/, '');
