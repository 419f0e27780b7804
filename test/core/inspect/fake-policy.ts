// A decider for playbooks: judges by the beginning of the path, so that a script says itself what must happen.
//   /admin → block   /reset → block by reset   /limit → throttle   /nul → refused by strict path rules
import { judgement, type Decider } from '../../../src/core/policy/decider.ts';
import { resetDecision } from '../../../src/core/policy/decision.ts';
import type { Decision } from '../../../src/core/model/exchange.ts';
import type { HeadView } from '../../../src/core/model/head-view.ts';

export interface FakePolicy {
  readonly decider: Decider;
  /** Words: none | l4 | l7 (what is enforced), opaque=allow|block (non-HTTP), deny=PREFIX (blocked path), all=block|allow. */
  set(words: string): void;
  /** Paths judged, in order. */
  readonly judged: string[];
}

const rows: readonly { readonly prefix: string; readonly decision: Partial<Decision> }[] = [
  { prefix: '/admin', decision: { action: 1, policy: 3, rule: 4, shadowAction: 1, shadowPolicy: 3 } },
  { prefix: '/reset', decision: { action: 1, policy: 3, answer: 1 } },
  {
    prefix: '/limit',
    decision: { action: 2, policy: 5, retryAfterMs: 1200, limitBurst: 10, limitRemaining: 0 },
  },
  { prefix: '/nul', decision: { action: 1, policy: -2, rule: 0 } },
];

export function createFakePolicy(): FakePolicy {
  const judged: string[] = [];
  let judges: number = judgement.l7;
  let opaqueAction = 0;
  let refusesAll = false;
  let denied = '/denied-by-nobody';
  const pathOf = (head: HeadView): string =>
    Buffer.from(head.bytes.subarray(head.pathStart, head.pathEnd)).toString('latin1');
  const judgeHead = (head: HeadView, out: Decision): void => {
    resetDecision(out);
    const path = pathOf(head);
    Object.assign(out, rows.find(({ prefix }) => path.startsWith(prefix))?.decision);
    if (refusesAll || path.startsWith(denied)) Object.assign(out, rows[0]!.decision);
  };
  const newDecider = (generation: number): Decider => ({
    generation,
    scopeOf: () => 1,
    scopeOfClient: (listener, address) => (listener === 2 && address === '10.0.0.7' ? 9 : 0),
    judges: (scope) => (scope === 9 ? judges : judgement.none),
    refusesAll: (scope) => scope === 9 && refusesAll,
    decide: (_scope, head, _route, _now, out) => {
      judged.push(pathOf(head));
      judgeHead(head, out);
    },
    judge: (_scope, head, _route, _now, out) => {
      judgeHead(head, out);
    },
    decideOpaque: (_scope, _now, out) => {
      resetDecision(out);
      out.action = refusesAll ? 1 : opaqueAction;
      out.policy = out.action === 0 ? -1 : 6;
    },
    normalisedPath: () => '/normalised',
    throttleTerms: (policy) => ({ name: `lab/p${policy}-of-${generation}`, windowSeconds: 30 }),
  });
  let decider = newDecider(1);
  return {
    get decider() {
      return decider;
    },
    judged,
    set: (words) => {
      for (const word of words.split(' ')) {
        if (word === 'none' || word === 'l4' || word === 'l7') judges = judgement[word];
        else if (word.startsWith('all=')) refusesAll = word === 'all=block';
        else if (word.startsWith('deny=')) denied = word.slice(5);
        else opaqueAction = word === 'opaque=block' ? 1 : 0;
      }
      decider = newDecider(decider.generation + 1);
    },
  };
}
