// Objects as YAML that people read and keep: in the order in which they were built, with the reasons as comments above their lines.
import { Document, isNode, isMap, isPair, isScalar, type Node } from 'yaml';
import { yamlOptions } from '../policy/yaml-options.ts';
import type { Manifest, Note, Stage } from './manifest.ts';

/** Columns of a comment. */
const commentColumns = 100;

/** Text in lines of a comment, each with its leading space. */
function commentLines(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.length + word.length >= commentColumns) {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** The node that a comment above the line at `path` belongs to: the key of a pair, the item of a list. */
function nodeAt(document: Document, path: Note['path']): Node | undefined {
  const last = path.at(-1);
  const parent = document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last);
    return isPair(pair) && isNode(pair.key) ? pair.key : undefined;
  }
  const found = document.getIn(path, true);
  return isNode(found) ? found : undefined;
}

function addNote(document: Document, { path, text }: Note): void {
  const node = nodeAt(document, path.length === 0 ? ['apiVersion'] : path);
  if (node === undefined) throw new Error(`A note is about ${path.join('.')}, which is not in the object.`);
  node.commentBefore = commentLines(text);
}

/** A manifest as a document of the yaml library, notes in it. kubectl and Helm read YAML 1.1, in which a bare `yes` is no text. */
export function manifestDocument({ object, notes }: Manifest): Document {
  const document = new Document(object, yamlOptions);
  for (const note of notes) addNote(document, note);
  return document;
}

/** As text: no line is folded, since templates and diffs go by lines. */
export const documentText = (document: Document): string => document.toString({ lineWidth: 0 });

/** All objects of all stages as one stream, each stage named. Ends in a newline. */
export function stagesYaml(stages: readonly Stage[]): string {
  return stages
    .flatMap(({ title, manifests }) =>
      manifests.map(
        (manifest, index) =>
          `---\n${index === 0 ? `# ── ${title} ──\n` : ''}${documentText(manifestDocument(manifest))}`,
      ),
    )
    .join('');
}
