// One stage as a template of the Helm chart: the same YAML as `install -o yaml`, in which placeholders have become expressions.
import { isScalar, visit, type Document } from 'yaml';
import type { Manifest, Stage } from '../manifest.ts';
import { documentText, manifestDocument } from '../manifest-yaml.ts';
import { holdsPlaceholder, listPlaceholders, scalarPlaceholders } from './placeholders.ts';

/** What a value becomes must stay a text, whatever it looks like; the schema of the values keeps quotes out of it. */
function quotePlaceholders(document: Document): void {
  visit(document, {
    Scalar(_key, node) {
      if (isScalar(node) && typeof node.value === 'string' && holdsPlaceholder(node.value))
        node.type = 'QUOTE_DOUBLE';
    },
  });
}

/** Braces of descriptions are no template. One pass, or the braces of the first would be taken for more. */
const escapeBraces = (text: string): string => text.replace(/\{\{|\}\}/g, (braces) => `{{ "${braces}" }}`);

/** A line that is nothing but a marked list's only item becomes the list. */
function expandList(line: string): string {
  const item = line.trimStart();
  const list = listPlaceholders.find(({ found }) => found === item);
  const indent = line.length - item.length;
  return list === undefined
    ? line
    : `${' '.repeat(indent)}{{- toYaml ${list.expression} | nindent ${indent} }}`;
}

/** Lists come before scalars: both have markers of the same kind. */
const expand = (text: string): string =>
  scalarPlaceholders.reduce(
    (expanded, { found, expression }) => expanded.replaceAll(found, expression),
    text.split('\n').map(expandList).join('\n'),
  );

function manifestTemplate(manifest: Manifest): string {
  const document = manifestDocument(manifest);
  quotePlaceholders(document);
  const body = `---\n${expand(escapeBraces(documentText(document)))}`;
  return manifest.when === undefined ? body : `{{- if .Values.${manifest.when} }}\n${body}{{- end }}\n`;
}

/** The template of a stage, ending in a newline. */
export const stageTemplate = ({ title, manifests }: Stage): string =>
  `{{- /* ${title}. Made by \`npm run chart\` from src/core/install: change it there. */ -}}\n${manifests.map(manifestTemplate).join('')}`;
