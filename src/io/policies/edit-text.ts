// The text of a policy file with one object added, replaced or taken out; the other documents keep their words and comments.
// Pure; refuses rather than write what would not read back as meant.
import { parseAllDocuments } from 'yaml';
import type { Document } from 'yaml';
import { canonicalText } from './canonical-text.ts';
import type { FilePolicy } from './parse-policy-file.ts';
import { parsePolicyFile } from './parse-policy-file.ts';

interface Replacing {
  readonly target: FilePolicy;
  /** Undefined takes the document out. */
  readonly replacement: string | undefined;
}

/** The text with `target` replaced. Undefined: it cannot be done safely. */
export function editDocument(
  text: string,
  policies: readonly FilePolicy[],
  { target, replacement }: Replacing,
): string | undefined {
  if (policies.length === 1 && replacement !== undefined) return replacement;
  const documents: Document[] = [...parseAllDocuments(text)];
  const parts = documents.flatMap((document, index) => {
    if (index === target.document) return replacement === undefined ? [] : [replacement];
    return [String(document).replace(/^---\s*\n/, '')];
  });
  const edited = parts.map((part) => (part.endsWith('\n') ? part : `${part}\n`)).join('---\n');
  return others(policies, target) === othersOf(edited, target) ? edited : undefined;
}

/** The objects that must not change, in one comparable text. */
function others(policies: readonly FilePolicy[], target: FilePolicy): string {
  return policies
    .filter((one) => one.name !== target.name)
    .map((one) => canonicalText(one.policy))
    .join('\n');
}

function othersOf(text: string, target: FilePolicy): string | undefined {
  const read = parsePolicyFile('edited', text);
  return read.ok ? others(read.policies, target) : undefined;
}
