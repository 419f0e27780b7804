// What must hold for any policies and any requests.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { createBuckets } from '../../../src/core/policy/buckets.ts';
import { compilePolicies } from '../../../src/core/policy/compile.ts';
import { createDecider } from '../../../src/core/policy/decide.ts';
import { newDecision } from '../../../src/core/policy/decision.ts';
import { explainRequest } from '../../../src/core/policy/explain.ts';
import { parsePolicy } from '../../../src/core/policy/parse-policy.ts';
import { createPreview } from '../../../src/core/policy/preview.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { partsOf, build, policySet, ask, traffic, pairs, listeners, type Ask } from './arbitrary.ts';
import { allow, benchOf, block, flowOf, headOf, noon, objectOf, policy } from './build.ts';

interface Answer {
  readonly action: number;
  readonly shadowAction: number;
  readonly policy: string;
}

/** A fresh decider over the whole traffic, as the worker runs it. */
function enforce(policies: readonly Policy[], asks: readonly Ask[]): Answer[] {
  const snapshot = compilePolicies(policies, { generation: 1, nowMs: millis(0) });
  const decider = createDecider(snapshot.buffer, listeners, createBuckets());
  const out = newDecision();
  let now = noon as number;
  return asks.map((each) => {
    now += each.gapMs;
    const at = pairs.findIndex(({ from, to }) => from === each.from && to === each.to);
    decider.decide(decider.scopeOfClient(at, '10.0.1.5'), headOf(each), each.route ?? '', now, out);
    return { action: out.action, shadowAction: out.shadowAction, policy: snapshot.names[out.policy] ?? '' };
  });
}

function recorded(asks: readonly Ask[]): FlowEvent[] {
  let now = noon as number;
  return asks.map((each, index) => {
    now += each.gapMs;
    return flowOf({ ...each, id: `f-${index}`, atMs: now });
  });
}

const runs = { numRuns: 300 };

test('the preview of adding or removing a policy is what a fresh decider does on the same requests', () => {
  fc.assert(
    fc.property(policySet, partsOf, traffic, fc.boolean(), (current, parts, asks, adding) => {
      const changed = build('changed', { ...parts, mode: parts.mode === 'Shadow' ? 'Enforce' : parts.mode });
      const withIt = [...current, changed];
      const [before, after] = adding ? [current, withIt] : [withIt, current];
      const preview = createPreview({
        current: before,
        change: adding ? { type: 'add', policy: changed } : { type: 'remove', name: 'shop/changed' as never },
        nowMs: noon,
      });
      for (const flow of recorded(asks)) preview.push(flow);
      const [was, is] = [enforce(before, asks), enforce(after, asks)];
      const flips = asks.map((_, at) => [was[at]?.action === allow, is[at]?.action === allow]);
      const result = preview.result();
      expect(result.toRefused).toBe(flips.filter(([a, b]) => a && !b).length);
      expect(result.toAllowed).toBe(flips.filter(([a, b]) => !a && b).length);
      expect(result.firstVictims.map(({ id }) => id)).toEqual(
        flips.flatMap(([a, b], at) => (a && !b ? [`f-${at}`] : [])).slice(0, 5),
      );
    }),
    runs,
  );
});

test('the preview of a Shadow policy is what shadow then reports', () => {
  fc.assert(
    fc.property(policySet, partsOf, traffic, (current, parts, asks) => {
      const changed = build('changed', { ...parts, mode: 'Shadow' });
      const preview = createPreview({ current, change: { type: 'add', policy: changed }, nowMs: noon });
      for (const flow of recorded(asks)) preview.push(flow);
      const [was, is] = [enforce(current, asks), enforce([...current, changed], asks)];
      const refused = asks.filter(
        (_, at) => was[at]?.shadowAction === allow && is[at]?.shadowAction !== allow,
      );
      expect(preview.result().toRefused).toBe(refused.length);
    }),
    runs,
  );
});

test('adding a Block never lets through what was refused by a Block or by strict parsing', () => {
  fc.assert(
    fc.property(policySet, partsOf, traffic, (current, parts, asks) => {
      const added = build('added', { ...parts, mode: 'Enforce', action: { type: 'Block' } });
      const before = enforce(current, asks);
      const after = enforce([...current, added], asks);
      for (const [at, was] of before.entries())
        if (was.action === block) expect(after[at]?.action).toBe(block);
    }),
    runs,
  );
});

test('a shadow policy never changes an answer or its attribution, an Off one changes nothing at all', () => {
  fc.assert(
    fc.property(policySet, partsOf, traffic, (current, parts, asks) => {
      const before = enforce(current, asks);
      const shadowed = enforce([...current, build('added', { ...parts, mode: 'Shadow' })], asks);
      const answers = (list: readonly Answer[]): unknown =>
        list.map(({ action: done, policy: by }) => [done, by]);
      expect(answers(shadowed)).toEqual(answers(before));
      expect(enforce([...current, build('added', { ...parts, mode: 'Off' })], asks)).toEqual(before);
    }),
    runs,
  );
});

test('shadow is the full evaluation of enforced plus shadow: where only Blocks are involved it equals enforcing them', () => {
  fc.assert(
    fc.property(policySet, traffic, (set, asks) => {
      const blocks = set.filter(({ spec }) => spec.action.type === 'Block');
      const enforced = blocks.map((each) =>
        each.spec.mode === 'Shadow' ? { ...each, spec: { ...each.spec, mode: 'Enforce' as const } } : each,
      );
      const would = enforce(blocks, asks).map(({ shadowAction }) => shadowAction);
      const does = enforce(enforced, asks).map(({ action: done }) => done);
      // Strict parsing refuses only under an enforcing HTTP policy, which shadow is not.
      const readable = asks.map(({ path }) => !/%00|%ff/.test(path));
      expect(would.filter((_, at) => readable[at])).toEqual(does.filter((_, at) => readable[at]));
    }),
    runs,
  );
});

test('the order of policies in the folder does not matter', () => {
  fc.assert(
    fc.property(policySet, traffic, (set, asks) => {
      expect(enforce(set.toReversed(), asks)).toEqual(enforce(set, asks));
    }),
    runs,
  );
});

test('an unknown field anywhere rejects the policy', () => {
  const places: readonly (readonly string[])[] = [
    [],
    ['metadata'],
    ['spec'],
    ['spec', 'from'],
    ['spec', 'to'],
    ['spec', 'action'],
    ['spec', 'match'],
    ['spec', 'match', 'http'],
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...places),
      fc.stringMatching(/^[a-z]{3,12}$/),
      partsOf,
      (place, key, parts) => {
        const object = structuredClone(objectOf({ ...parts, http: parts.http ?? { paths: ['/a'] } }));
        let here = object;
        for (const part of place) here = here[part] as Record<string, unknown>;
        if (Object.hasOwn(here, key)) return;
        const parsedBefore = parsePolicy(object);
        here[key] = 'x';
        const known = [
          'labels',
          'annotations',
          'reason',
          'failure',
          'existing',
          'methods',
          'hosts',
          'headers',
          'paths',
          'scope',
          'peers',
          'ports',
          'block',
          'throttle',
        ];
        if (known.includes(key)) return;
        expect(parsedBefore.ok).toBe(true);
        expect(parsePolicy(object)).toMatchObject({ ok: false, code: 'POLICY_UNKNOWN_FIELD' });
      },
    ),
  );
});

test('explain agrees with the decider about who refuses', () => {
  fc.assert(
    fc.property(policySet, ask, (set, each) => {
      const [answer] = enforce(set, [each]);
      const flow = flowOf(each);
      const { verdict, steps, nearestMiss } = explainRequest(
        set,
        { ...each, source: flow.source, destination: flow.destination, headers: each.headers ?? [] },
        noon,
      );
      expect(verdict.action).toBe(['allow', 'block', 'throttle'][answer?.action ?? 0]);
      if (answer?.policy) expect(verdict.policy).toBe(answer.policy);
      const inForce = new Set(
        set.filter(({ spec }) => spec.mode === 'Enforce').map(({ metadata }) => `shop/${metadata.name}`),
      );
      const matched = steps.filter((step) => step.matched && inForce.has(step.policy ?? ''));
      if (verdict.action === 'block' && verdict.policy !== '(strict-parsing)')
        expect(matched.map((step) => step.policy)).toContain(verdict.policy);
      if (verdict.action === 'allow') {
        for (const step of matched)
          expect(set.find(({ metadata }) => `shop/${metadata.name}` === step.policy)?.spec.action.type).toBe(
            'Throttle',
          );
        expect(matched.map((step) => step.policy)).not.toContain(nearestMiss?.policy);
      }
    }),
    runs,
  );
});

test('one decider judges any sequence as fresh ones would: nothing leaks from request to request', () => {
  fc.assert(
    fc.property(policySet, traffic, (set, asks) => {
      const blocks = set.filter(({ spec }) => spec.action.type === 'Block');
      const together = enforce(blocks, asks);
      expect(asks.map((each) => enforce(blocks, [each])[0])).toEqual(together);
    }),
    { numRuns: 100 },
  );
});

test('any bytes as a path are judged without throwing', () => {
  const bench = benchOf([
    policy({
      http: { paths: ['/a/{id}', '/b*', '/c/**'], hosts: ['h'], headers: [{ name: 'n', values: ['v'] }] },
    }),
    policy({ name: 'q', http: { paths: ['/a'] } }),
  ]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const { action: done } = bench.decide({ path: bytes });
      expect([allow, block]).toContain(done);
      bench.decider.normalisedPath();
    }),
    { numRuns: 1_000 },
  );
});
