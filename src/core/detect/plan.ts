// The measures of all rules, sorted by whose memory they go into; a measure is found by its position there.
import type { Measure, Scope } from './measure.ts';
import type { Rule } from './rule.ts';

/** The measures of all rules, each with its place in a caller’s memory. */
export interface Plan {
  readonly byScope: Readonly<Record<Scope, readonly Measure[]>>;
  /** Position of a measure within its scope; throws for one that no rule declares (our bug). */
  positionOf(measure: Measure): number;
}

/** Two rules may share a measure; two different measures must not share an id. */
export function planOf(rules: readonly Rule[]): Plan {
  const byScope: Record<Scope, Measure[]> = { caller: [], callerRoute: [], subjectRoute: [], route: [] };
  const known = new Map<string, Measure>();
  const positions = new Map<Measure, number>();
  for (const measure of rules.flatMap((rule) => rule.measures)) {
    const other = known.get(measure.id);
    if (other === measure) continue;
    if (other) throw new Error(`two measures are called ${measure.id}`);
    if (measure.scope === 'route' && measure.kind !== 'total')
      throw new Error(`${measure.id}: a route keeps totals only`);
    known.set(measure.id, measure);
    positions.set(measure, byScope[measure.scope].length);
    byScope[measure.scope].push(measure);
  }
  return {
    byScope,
    positionOf: (measure) => {
      const position = positions.get(measure);
      if (position === undefined) throw new Error(`no rule declares the measure ${measure.id}`);
      return position;
    },
  };
}
