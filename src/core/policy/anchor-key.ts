// The key under which groups of policies that need one name at one end are found. Shared by the compiler and scopes.

/** Columns of a peer that can anchor it, the most telling first. */
export const anchorKinds = ['name', 'principal', 'workloadNamespace', 'namespace'] as const;
/** One of `anchorKinds`. */
export type AnchorKind = (typeof anchorKinds)[number];

/** Groups that any pair must look at. */
export const everyoneAnchor = 0;

const codeOf = { name: 0, principal: 1, workloadNamespace: 2, namespace: 2 } as const;

/** `side` is 0 for the source, 1 for the destination; `id` a string id. */
export const anchorKey = (side: 0 | 1, kind: AnchorKind, id: number): number =>
  1 + (id * 3 + codeOf[kind]) * 2 + side;
