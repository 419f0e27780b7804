// What one viewer may see, as far as it has been asked, namespace by namespace; what was not asked is not allowed. Asks through a port;
// knows no API server and no clock.
import type { ViewerRights } from './viewer-rights.ts';

/** Resources of the aggregated API that roles name. */
export type LiveRight = 'flows' | 'findings' | 'bodies';

/** One question; '' asks for all namespaces at once. @throws AppError when it cannot be asked. */
export type AskRight = (right: LiveRight, namespace: string) => Promise<boolean>;

/** The rights of one stream. */
export interface ViewerAccess {
  readonly rights: ViewerRights;
  /** All that decides about an event of these namespaces has been asked. */
  knows(namespaces: readonly string[]): boolean;
  /** Asks what is not known yet. Rejects when it cannot be asked; then it is as unknown as before. */
  learn(namespaces: readonly string[]): Promise<void>;
  /** Asks everything again; until all of it is answered the old answers hold. */
  refresh(): Promise<void>;
}

/** A stream never carries bodies: each is a request of its own, so that the audit log of the API server names it. */
const streamRights = ['flows', 'findings'] as const;
type StreamRight = (typeof streamRights)[number];
type Answers = ReadonlyMap<string, boolean>;

const keyOf = (right: StreamRight, namespace: string): string => `${right} ${namespace}`;

/** Who may in all namespaces may in each: RBAC knows no "all but". */
const allows = (answers: Answers, right: StreamRight, namespace: string): boolean =>
  answers.get(keyOf(right, '')) === true || answers.get(keyOf(right, namespace)) === true;

async function answered(ask: AskRight, namespaces: Iterable<string>): Promise<Map<string, boolean>> {
  const entries = [...namespaces].flatMap((namespace) =>
    streamRights.map(async (right) => [keyOf(right, namespace), await ask(right, namespace)] as const),
  );
  return new Map(await Promise.all(entries));
}

/** Knows nothing yet. */
export function createViewerAccess(ask: AskRight): ViewerAccess {
  let answers: Answers = new Map();
  const asked = new Set<string>();
  const seesAll = (): boolean => streamRights.every((right) => answers.get(keyOf(right, '')) === true);
  const unknown = (namespaces: readonly string[]): readonly string[] =>
    seesAll() ? [] : namespaces.filter((namespace) => !asked.has(namespace));
  const askFor = async (namespaces: readonly string[]): Promise<void> => {
    const more = await answered(ask, namespaces);
    answers = new Map([...answers, ...more]);
    for (const namespace of namespaces) asked.add(namespace);
  };
  return {
    rights: {
      flows: (namespace) => allows(answers, 'flows', namespace),
      findings: (namespace) => allows(answers, 'findings', namespace),
      bodies: () => false,
    },
    knows: (namespaces) => asked.has('') && unknown(namespaces).length === 0,
    async learn(namespaces) {
      // First for all of them: with that right nothing else need be asked.
      if (!asked.has('')) await askFor(['']);
      const missing = [...new Set(unknown(namespaces))];
      if (missing.length > 0) await askFor(missing);
    },
    async refresh() {
      answers = await answered(ask, asked);
    },
  };
}
