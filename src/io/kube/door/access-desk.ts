// Asks the API server what people may see (SubjectAccessReview), and keeps each answer for a few seconds, so that a burst of new namespaces
// or of streams of the same person is not a burst of questions. Bounded.
import { personKey, type Person } from '../../../core/view/person.ts';
import type { LiveRight } from '../../../core/view/viewer-access.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { fieldOf } from '../api/kube-object.ts';
import { kinds } from '../api/resource-kind.ts';

/** Bounds of the desk. */
export const accessDeskLimits = {
  /** How long an answer is good for, ms: far below the minute in which streams are looked at again. */
  freshMs: 10_000,
  /** Answers kept; the oldest go first. */
  kept: 20_000,
  /** Questions in flight; more wait. */
  atOnce: 16,
} as const;

/** Whether somebody has a right; '' asks for all namespaces. @throws AppError when the API server cannot be asked. */
export type AccessDesk = (person: Person, right: LiveRight, namespace: string) => Promise<boolean>;

const verbs: Readonly<Record<LiveRight, string>> = { flows: 'watch', findings: 'watch', bodies: 'get' };

async function ask(
  api: Pick<KubeApi, 'review'>,
  person: Person,
  { right, namespace }: { readonly right: LiveRight; readonly namespace: string },
): Promise<boolean> {
  const { group, version, plural } = kinds[right];
  const { user, uid, groups, extra } = person;
  const status = await api.review(kinds.subjectAccessReviews, {
    ...{ user, groups, extra },
    ...(uid === undefined ? {} : { uid }),
    resourceAttributes: { verb: verbs[right], group, version, resource: plural, namespace },
  });
  return fieldOf(status, 'allowed') === true && fieldOf(status, 'denied') !== true;
}

/** Lets so many work at once. */
function createTurnstile(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

interface Kept {
  readonly atMs: number;
  readonly answer: Promise<boolean>;
}

/** Asks nothing before the first question. `now`: epoch ms. */
export function createAccessDesk(api: Pick<KubeApi, 'review'>, now: () => number): AccessDesk {
  const kept = new Map<string, Kept>();
  const pass = createTurnstile(accessDeskLimits.atOnce);
  return (person, right, namespace) => {
    const key = `${right} ${namespace} ${personKey(person)}`;
    const found = kept.get(key);
    if (found !== undefined && now() - found.atMs < accessDeskLimits.freshMs) return found.answer;
    const answer = pass(() => ask(api, person, { right, namespace }));
    kept.delete(key);
    kept.set(key, { atMs: now(), answer });
    const [oldest] = kept.keys();
    if (kept.size > accessDeskLimits.kept && oldest !== undefined) kept.delete(oldest);
    // A failure is nobody's answer: whoever asks next asks anew.
    answer.catch(() => {
      if (kept.get(key)?.answer === answer) kept.delete(key);
    });
    return answer;
  };
}
