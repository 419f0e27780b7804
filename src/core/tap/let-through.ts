// The decider of what is only watched: everything was let through, so that is what the record says. What a policy would have done to it is for
// the preview, which has the record.
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
