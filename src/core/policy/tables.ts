// A snapshot's buffer as typed views, and packing sections into one. No parsing: opening costs the same for any size.
import { headInts, layoutMagic, layoutVersion, sections, type Section } from './table-layout.ts';

/** Views over one snapshot; `policyNumbers` are doubles, `bytes` bytes, the rest ints. */
export interface Tables {
  readonly generation: number;
  readonly policyNumbers: Float64Array;
  readonly strings: Int32Array;
  readonly stringSlots: Int32Array;
  readonly policies: Int32Array;
  readonly peers: Int32Array;
  readonly cidrs: Int32Array;
  readonly lists: Int32Array;
  readonly headers: Int32Array;
  readonly rows: Int32Array;
  readonly nodes: Int32Array;
  readonly edges: Int32Array;
  readonly edgeSlots: Int32Array;
  readonly groups: Int32Array;
  readonly members: Int32Array;
  readonly anchors: Int32Array;
  readonly anchored: Int32Array;
  readonly bytes: Uint8Array;
}

const headBytes = Math.ceil((headInts + sections.length * 2) / 2) * 8;

const widthOf = (section: Section): number => (section === 'policyNumbers' ? 8 : section === 'bytes' ? 1 : 4);

/** One shared buffer holding all sections. */
export function packTables(
  generation: number,
  content: Readonly<Record<Section, ArrayLike<number>>>,
): SharedArrayBuffer {
  const size = sections.reduce((sum, name) => sum + content[name].length * widthOf(name), headBytes);
  const buffer = new SharedArrayBuffer(size);
  const head = new Int32Array(buffer, 0, headBytes / 4);
  head.set([layoutMagic, layoutVersion, generation]);
  let offset = headBytes;
  for (const [index, name] of sections.entries()) {
    const values = content[name];
    head.set([offset, values.length], headInts + index * 2);
    const width = widthOf(name);
    const view =
      width === 8
        ? new Float64Array(buffer, offset, values.length)
        : width === 1
          ? new Uint8Array(buffer, offset, values.length)
          : new Int32Array(buffer, offset, values.length);
    view.set(values);
    offset += values.length * width;
  }
  return buffer;
}

/** Views over a packed buffer. Throws only when handed something that `packTables` of this version did not make. */
export function openTables(buffer: SharedArrayBuffer): Tables {
  const head = new Int32Array(buffer, 0, headBytes / 4);
  if (head[0] !== layoutMagic || head[1] !== layoutVersion)
    throw new Error(`Not a policy snapshot of layout ${layoutVersion}.`);
  const ints = (name: Section): Int32Array => new Int32Array(buffer, ...run(head, name));
  return {
    generation: head[2] ?? 0,
    policyNumbers: new Float64Array(buffer, ...run(head, 'policyNumbers')),
    strings: ints('strings'),
    stringSlots: ints('stringSlots'),
    policies: ints('policies'),
    peers: ints('peers'),
    cidrs: ints('cidrs'),
    lists: ints('lists'),
    headers: ints('headers'),
    rows: ints('rows'),
    nodes: ints('nodes'),
    edges: ints('edges'),
    edgeSlots: ints('edgeSlots'),
    groups: ints('groups'),
    members: ints('members'),
    anchors: ints('anchors'),
    anchored: ints('anchored'),
    bytes: new Uint8Array(buffer, ...run(head, 'bytes')),
  };
}

function run(head: Int32Array, name: Section): [number, number] {
  const at = headInts + sections.indexOf(name) * 2;
  return [head[at] ?? 0, head[at + 1] ?? 0];
}
