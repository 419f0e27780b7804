// Somebody who reaches the hub through the API server, as it authenticated them. Pure words.

/** As `userInfo` of Kubernetes: what a SubjectAccessReview asks about and what audit lines name. */
export interface Person {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** The same for the same person, whatever order their groups come in. */
export function personKey({ user, uid, groups, extra }: Person): string {
  const rest = Object.entries(extra).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([user, uid ?? '', groups.toSorted(), rest]);
}
