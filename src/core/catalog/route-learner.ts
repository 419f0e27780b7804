// Learns route templates from the paths that really succeed: ids, uuids, hashes become `{id}`, dates `{date}`, and where a node
// has too many different children, further ones `{id}` too. Works on bytes; knows no HTTP beyond "a path and a status".
//
// Stable: a learned literal stays, and what a learned path was called it is called for ever. Only a name never seen to succeed can
// still turn into `{id}`, once its node holds as many names as it may: until an answer shows that a name exists it is not kept, or
// a scanner's made-up paths would fill the catalogue; and where that many real names lie side by side, one more is rather data
// (a slug, a user name) than a route. A known path is looked up without building a string.
import { classOf, segmentClass } from './segment-class.ts';

/** Bounds of what is remembered; beyond them a template is still computed, only no longer remembered. */
export interface RouteLimits {
  /** Destinations (listeners) with a catalogue of their own; a pod sees a handful, a node some hundreds. */
  readonly destinations: number;
  /** Nodes of one destination's tree: about 200 bytes each. */
  readonly nodesPerDestination: number;
  /** Distinct literal children of one node before further ones become `{id}`: real APIs have up to about 30 side by side. */
  readonly literalsPerNode: number;
  /** Segments looked at; deeper paths end in `{rest}`. */
  readonly segments: number;
}

/** With these the tree of one destination stays at about 400 KiB. */
export const routeLimits: RouteLimits = {
  destinations: 4096,
  nodesPerDestination: 2048,
  literalsPerNode: 32,
  segments: 16,
};

/** The catalogue: templates of paths by destination. */
export interface RouteLearner {
  /** Template of `bytes[pathStart, pathEnd)` (a path without query) by what is known now. Learns nothing. */
  routeOf(destination: number, bytes: Uint8Array, pathStart: number, pathEnd: number): string;
  /**
   * The last `routeOf` found every segment in the catalogue: `learn` of the same path would change nothing, now or later, because
   * nothing learned is ever renamed or forgotten. Whoever keeps it saves the second walk.
   */
  readonly known: boolean;
  /** An answer with `status` came for that path: grows the catalogue when it shows that the route exists (below 400). */
  learn(destination: number, bytes: Uint8Array, pathStart: number, pathEnd: number, status: number): void;
}

interface Node {
  /** Bytes of a literal segment; empty for the root and for parameters. */
  readonly name: Uint8Array;
  /** Template up to and including this node, without a slash at the end. */
  readonly route: string;
  /** Literal children by hash of their bytes; several in the rare case that hashes collide. */
  children: Map<number, Node[]> | undefined;
  literals: number;
  id: Node | undefined;
  date: Node | undefined;
}

interface Tree {
  readonly root: Node;
  nodes: number;
}

const slash = 47;
const nothing = new Uint8Array(0);

function newNode(name: Uint8Array, route: string): Node {
  return { name, route, children: undefined, literals: 0, id: undefined, date: undefined };
}

/** FNV-1a over the segment's bytes, 32 bit. Collisions cost a comparison, and are bounded by `literalsPerNode`. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash | 0;
}

function sameBytes(name: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < name.length; at += 1) if (name[at] !== bytes[start + at]) return false;
  return true;
}

function literalChild(node: Node, bytes: Uint8Array, start: number, end: number): Node | undefined {
  if (node.children === undefined) return undefined;
  const bucket = node.children.get(hashOf(bytes, start, end));
  if (bucket === undefined) return undefined;
  for (const child of bucket)
    if (child.name.length === end - start && sameBytes(child.name, bytes, start)) return child;
  return undefined;
}

/** Text of a segment; what is not printable ASCII is shown as it would be percent-encoded. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    const printable = byte > 32 && byte < 127;
    text += printable ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

function segmentEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== slash) at += 1;
  return at;
}

class Learner implements RouteLearner {
  known = false;
  readonly #limits: RouteLimits;
  readonly #trees = new Map<number, Tree>();

  constructor(limits: RouteLimits) {
    this.#limits = limits;
  }

  routeOf(destination: number, bytes: Uint8Array, pathStart: number, pathEnd: number): string {
    this.known = false;
    if (pathStart === pathEnd) return '/';
    if (bytes[pathStart] !== slash) return textOf(bytes, pathStart, pathEnd);
    const tree = this.#trees.get(destination);
    let node = tree?.root;
    let route = '';
    let at = pathStart;
    for (let depth = 0; at < pathEnd; depth += 1) {
      if (depth >= this.#limits.segments) {
        this.known = node !== undefined;
        return `${node?.route ?? route}/{rest}`;
      }
      const start = at + 1;
      at = segmentEnd(bytes, start, pathEnd);
      const child = node && this.#childOf(node, bytes, start, at);
      if (child === undefined) {
        if (node !== undefined) route = node.route;
        route += `/${this.#nameOf(tree, node, bytes.subarray(start, at))}`;
      }
      node = child;
    }
    this.known = node !== undefined;
    return node?.route ?? route;
  }

  learn(destination: number, bytes: Uint8Array, pathStart: number, pathEnd: number, status: number): void {
    if (status < 100 || status >= 400 || bytes[pathStart] !== slash || pathStart === pathEnd) return;
    const tree = this.#treeOf(destination);
    if (tree === undefined) return;
    let node: Node = tree.root;
    let at = pathStart;
    for (let depth = 0; at < pathEnd && depth < this.#limits.segments; depth += 1) {
      const start = at + 1;
      at = segmentEnd(bytes, start, pathEnd);
      const child =
        this.#childOf(node, bytes, start, at) ?? this.#grow(tree, node, bytes.subarray(start, at));
      if (child === undefined) return;
      node = child;
    }
  }

  #treeOf(destination: number): Tree | undefined {
    const known = this.#trees.get(destination);
    if (known !== undefined || this.#trees.size >= this.#limits.destinations) return known;
    const tree = { root: newNode(nothing, ''), nodes: 0 };
    this.#trees.set(destination, tree);
    return tree;
  }

  /** The child that stands for a segment, if there is one. */
  #childOf(node: Node, bytes: Uint8Array, start: number, end: number): Node | undefined {
    const literal = literalChild(node, bytes, start, end);
    if (literal !== undefined) return literal;
    switch (classOf(bytes, start, end)) {
      case segmentClass.id:
        return node.id;
      case segmentClass.date:
        return node.date;
      default:
        return node.literals >= this.#limits.literalsPerNode ? node.id : undefined;
    }
  }

  /** What a segment without a node is called. */
  #nameOf(tree: Tree | undefined, parent: Node | undefined, segment: Uint8Array): string {
    const kind = classOf(segment, 0, segment.length);
    if (kind === segmentClass.date) return '{date}';
    const full =
      (parent !== undefined && parent.literals >= this.#limits.literalsPerNode) ||
      (tree !== undefined && tree.nodes >= this.#limits.nodesPerDestination);
    const isName = kind === segmentClass.literal && (segment.length === 0 || !full);
    return isName ? textOf(segment, 0, segment.length) : '{id}';
  }

  #grow(tree: Tree, parent: Node, segment: Uint8Array): Node | undefined {
    if (tree.nodes >= this.#limits.nodesPerDestination) return undefined;
    const name = this.#nameOf(tree, parent, segment);
    tree.nodes += 1;
    const route = `${parent.route}/${name}`;
    const kind = classOf(segment, 0, segment.length);
    if (kind === segmentClass.date) return (parent.date = newNode(nothing, route));
    if (name === '{id}') return (parent.id = newNode(nothing, route));
    const node = newNode(segment.slice(), route);
    const hash = hashOf(segment, 0, segment.length);
    parent.children ??= new Map();
    const bucket = parent.children.get(hash);
    if (bucket === undefined) parent.children.set(hash, [node]);
    else bucket.push(node);
    parent.literals += 1;
    return node;
  }
}

/** One per worker. */
export function createRouteLearner(limits?: Partial<RouteLimits>): RouteLearner {
  return new Learner({ ...routeLimits, ...limits });
}
