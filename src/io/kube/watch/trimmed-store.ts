// What is kept of the objects of one kind, by UID, and what changed of it since somebody was last told. Nothing of an object but its trimmed
// form and its version is kept. An object made anew under its old name is another one: it has another UID. Pure.
import type { KubeObject } from '../api/kube-object.ts';

/** Changes since the last batch; an object that came and went in between is in none of them. */
export interface Batch<Item> {
  readonly added: readonly Item[];
  readonly changed: readonly { readonly before: Item; readonly after: Item }[];
  readonly removed: readonly Item[];
}

/** Objects of one kind, trimmed. */
export interface TrimmedStore<Item> {
  /** By UID. */
  readonly items: ReadonlyMap<string, Item>;
  put(object: KubeObject): void;
  drop(uid: string): void;
  /** Begins a list: what is put until `end` is what there is; the rest goes at the end. */
  beginList(): { end(): void };
  /** What changed since the last call; undefined when nothing did. */
  take(): Batch<Item> | undefined;
}

interface Kept<Item> {
  readonly trim: (object: KubeObject) => Item | undefined;
  readonly items: Map<string, Item>;
  readonly versions: Map<string, string>;
  /** As it was when last told. */
  readonly before: Map<string, Item | undefined>;
}

function drop<Item>({ items, versions, before }: Kept<Item>, uid: string): void {
  const item = items.get(uid);
  versions.delete(uid);
  if (item === undefined) return;
  if (!before.has(uid)) before.set(uid, item);
  items.delete(uid);
}

function put<Item>(kept: Kept<Item>, object: KubeObject): void {
  const { items, versions, before } = kept;
  const { uid, resourceVersion } = object.meta;
  // Equality is all that versions are good for.
  if (versions.get(uid) === resourceVersion) return;
  const item = kept.trim(object);
  if (item === undefined) {
    drop(kept, uid);
    return;
  }
  if (!before.has(uid)) before.set(uid, items.get(uid));
  items.set(uid, item);
  versions.set(uid, resourceVersion);
}

/** `trim`: what is to be kept of an object, free of any part of it that is not needed; undefined: nothing. */
export function createTrimmedStore<Item>(trim: (object: KubeObject) => Item | undefined): TrimmedStore<Item> {
  const kept: Kept<Item> = { trim, items: new Map(), versions: new Map(), before: new Map() };
  const { items, before } = kept;
  let listed: Set<string> | undefined;
  return {
    items,
    drop: (uid) => drop(kept, uid),
    put(object) {
      listed?.add(object.meta.uid);
      put(kept, object);
    },
    beginList() {
      const seen = new Set<string>();
      listed = seen;
      return {
        end() {
          listed = undefined;
          for (const uid of [...items.keys()]) if (!seen.has(uid)) drop(kept, uid);
        },
      };
    },
    take() {
      const batch = batchOf(before, items);
      before.clear();
      return batch;
    },
  };
}

function batchOf<Item>(
  before: ReadonlyMap<string, Item | undefined>,
  items: ReadonlyMap<string, Item>,
): Batch<Item> | undefined {
  const added: Item[] = [];
  const changed: { before: Item; after: Item }[] = [];
  const removed: Item[] = [];
  for (const [uid, was] of before) {
    const is = items.get(uid);
    if (was === undefined && is !== undefined) added.push(is);
    else if (was !== undefined && is !== undefined) changed.push({ before: was, after: is });
    else if (was !== undefined) removed.push(was);
  }
  return added.length + changed.length + removed.length === 0 ? undefined : { added, changed, removed };
}
