// Every detection is run over its own examples, each through a fresh engine with all rules.
import { describe, expect, test } from 'vitest';
import { createDetector } from '../../../src/core/detect/engine.ts';
import type { Example } from '../../../src/core/detect/example.ts';
import { rules } from '../../../src/core/detect/rule-table.ts';
import { severities, findingEventSchema, type FindingEvent } from '../../../src/core/model/event.ts';

function findingsOf(example: Example): readonly FindingEvent[] {
  const detector = createDetector({ learningMs: 0 });
  const sent = example.flows().flatMap((flow) => detector.observe(flow));
  return [...sent, ...detector.flush()];
}

const rank = (finding: FindingEvent): number => severities.indexOf(finding.severity);

describe.each(rules.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  test.each(rule.matches.map((example) => [example.says, example] as const))(
    'finds: %s',
    (_says, example) => {
      const own = findingsOf(example).filter((finding) => finding.rule === id);
      const worst = Math.max(-1, ...own.map(rank));
      expect(severities[worst], JSON.stringify(own, null, 1)).toMatch(/medium|high|critical/);
      for (const finding of own) {
        expect(findingEventSchema.parse(finding)).toEqual(finding);
        expect(finding.why.length).toBeGreaterThan(20);
        expect(rank(finding)).toBeLessThanOrEqual(severities.indexOf(rule.severity));
        expect(finding.evidence.length).toBeGreaterThan(0);
      }
      const last = own.at(-1)!;
      if (rule.about === 'route') expect(last.route).toMatch(/./);
      if (last.suggestion?.paths) for (const path of last.suggestion.paths) expect(path).toMatch(/^\/[^?]*$/);
    },
  );

  test.each(rule.misses.map((example) => [example.says, example] as const))(
    'says nothing above info: %s',
    (_says, example) => {
      const own = findingsOf(example).filter((finding) => finding.rule === id);
      expect(own.filter((finding) => rank(finding) > 0)).toEqual([]);
    },
  );

  test('has examples of both kinds, tags and a fix', () => {
    expect(rule.matches.length).toBeGreaterThan(0);
    expect(rule.misses.length).toBeGreaterThan(0);
    expect(rule.tags.join()).toMatch(/API\d|T\d/);
    expect(rule.fix).toMatch(/\.$/);
    expect(rule.id).toMatch(/^[a-z-]+$/);
  });
});

test('rule ids are unique', () => {
  expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
});
