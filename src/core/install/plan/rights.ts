// Rights as the API server's access review takes them, and in words. Knows nothing of installations.

/** One thing that somebody may do. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `flowpolicies/status`. */
  readonly resource: string;
  /** Absent: in the whole cluster. */
  readonly namespace?: string;
  /** Absent: all of them. */
  readonly name?: string;
}

/** A right that is needed. */
export interface Need {
  readonly right: Right;
  /** Whoever holds all of these needs the right not: roles may be given by who holds what they give. */
  readonly orAll?: readonly Right[];
}

/** The same for equal rights. */
export const rightKey = ({ verb, group, resource, namespace, name }: Right): string =>
  JSON.stringify([verb, group, resource, namespace ?? null, name ?? null]);

/** Answers of SelfSubjectAccessReview by `rightKey`. */
export type RightAnswers = ReadonlyMap<string, boolean>;

const unique = (rights: readonly Right[]): readonly Right[] => [
  ...new Map(rights.map((right) => [rightKey(right), right])).values(),
];

/** What has to be asked next; nothing when all is known. The other way to a right is asked for only where the right is denied. */
export const rightsToAsk = (needs: readonly Need[], answers: RightAnswers): readonly Right[] =>
  unique(
    needs.flatMap(({ right, orAll = [] }) =>
      answers.get(rightKey(right)) === false ? [right, ...orAll] : [right],
    ),
  ).filter((right) => !answers.has(rightKey(right)));

/** Needs that are not met; a right without an answer counts as denied. */
export function missingNeeds(needs: readonly Need[], answers: RightAnswers): readonly Need[] {
  const holds = (right: Right): boolean => answers.get(rightKey(right)) === true;
  return needs.filter(
    ({ right, orAll }) => !holds(right) && !(orAll !== undefined && orAll.length > 0 && orAll.every(holds)),
  );
}

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;

const where = ({ namespace }: Right): string =>
  namespace === undefined ? 'in the whole cluster' : `in the namespace ${namespace}`;

const what = ({ group, resource }: Right): string => (group === '' ? resource : `${resource}.${group}`);

/** Groups by a key, in the order of first appearance. */
function grouped(rights: readonly Right[], key: (right: Right) => string): readonly (readonly Right[])[] {
  const groups = new Map<string, Right[]>();
  for (const right of rights) {
    const group = groups.get(key(right)) ?? [];
    group.push(right);
    groups.set(key(right), group);
  }
  return [...groups.values()];
}

/** `get and patch secrets in the namespace a: b, c`, one line for objects that lack the same. */
function rightLines(rights: readonly Right[]): readonly string[] {
  const perObject = grouped(rights, (right) => rightKey({ ...right, verb: '' }));
  const verbsOf = (of: readonly Right[]): string => listed([...new Set(of.map(({ verb }) => verb))]);
  const rows = perObject.flatMap((of) => (of[0] === undefined ? [] : [{ first: of[0], verbs: verbsOf(of) }]));
  const texts = new Map<string, string[]>();
  for (const { first, verbs } of rows) {
    const text = `${verbs} ${what(first)} ${where(first)}`;
    texts.set(text, [...(texts.get(text) ?? []), ...(first.name === undefined ? [] : [first.name])]);
  }
  return [...texts].map(([text, names]) => (names.length === 0 ? text : `${text}: ${names.join(', ')}`));
}

/** What is missing, a line for each kind of object and its verbs; nothing when nothing is. */
export function missingLines(missing: readonly Need[]): readonly string[] {
  const plain = missing.filter(({ orAll }) => orAll === undefined).map(({ right }) => right);
  const giving = missing.filter(({ orAll }) => orAll !== undefined).map(({ right }) => right);
  return [
    ...rightLines(plain),
    ...rightLines(giving).map((line) => `${line} (or to hold every right that these give)`),
  ];
}
