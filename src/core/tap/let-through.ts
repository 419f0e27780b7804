// The decider of what is only watched and not judged: everything was let through, so that is what the record says.
import { judgement, type Decider } from '../policy/decider.ts';
import { resetDecision } from '../policy/decision.ts';

/** Judges nothing, refuses nothing, reads whatever can be read. */
export const letThrough: Decider = {
  generation: 0,
  scopeOf: () => 0,
  judges: () => judgement.none,
  decide: (_scope, _head, _route, _now, out) => {
    resetDecision(out);
  },
  judge: (_scope, _head, _route, _now, out) => {
    resetDecision(out);
  },
  decideOpaque: (_scope, _now, out) => {
    resetDecision(out);
  },
};
