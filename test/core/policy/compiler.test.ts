// A compiler that is kept judges as compiling anew does, compiles what changed alone, and never changes what it gave out.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import type { Decision } from '../../../src/core/model/exchange.ts';
import { createBuckets } from '../../../src/core/policy/buckets.ts';
import { compilePolicies } from '../../../src/core/policy/compile.ts';
import { createCompiler } from '../../../src/core/policy/compiler.ts';
import { createDecider } from '../../../src/core/policy/decide.ts';
import { newDecision } from '../../../src/core/policy/decision.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import type { Snapshot } from '../../../src/core/policy/snapshot.ts';
import { build, listeners, pairs, partsOf, traffic, type Ask } from './arbitrary.ts';
import { headOf, noon, policy } from './build.ts';

/** In words: numbers of policies and rules are a snapshot's own. */
function inWords(out: Decision, { names, rules }: Snapshot): unknown {
  const { policy: decided, rule, shadowPolicy, shadowRule } = out;
  return {
    ...out,
    policy: names[decided] ?? decided,
    shadowPolicy: names[shadowPolicy] ?? shadowPolicy,
    rule: names[decided] === undefined ? rule : rules[rule],
    shadowRule: names[shadowPolicy] === undefined ? shadowRule : rules[shadowRule],
  };
}

/** What a worker decides with it, request after request; callers by two addresses, and without one. */
function verdicts(snapshot: Snapshot, asks: readonly Ask[]): readonly unknown[] {
  const decider = createDecider(snapshot.buffer, listeners, createBuckets());
  const out = newDecision();
  let now = noon as number;
  return asks.flatMap((each) => {
    now += each.gapMs;
    const at = pairs.findIndex(({ from, to }) => from === each.from && to === each.to);
    const scopes = [decider.scopeOf(at), ...clients.map((client) => decider.scopeOfClient(at, client))];
    return scopes.flatMap((scope) => {
      decider.decide(scope, headOf(each), each.route ?? '', now, out);
      const judged = inWords(out, snapshot);
      decider.decideOpaque(scope, now, out);
      return [judged, inWords(out, snapshot)];
    });
  });
}
const clients = ['10.0.1.5', '10.9.0.1'];

const bytesOf = ({ buffer }: Snapshot): string => Buffer.from(new Uint8Array(buffer)).toString('latin1');

const caller = fc.constantFrom(undefined, undefined, undefined, '10.0.0.0/16', '10.0.1.5/32');
const change = fc.record({
  put: fc.array(fc.tuple(fc.integer({ min: 0, max: 7 }), partsOf, caller), { maxLength: 3 }),
  remove: fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 2 }),
  lives: fc.constantFrom(undefined, undefined, 1_000),
  passedMs: fc.constantFrom(0, 0, 1_500),
});

function policyOf(
  [name, parts, cidr]: readonly [number, Parameters<typeof build>[1], string | undefined],
  expiresAtMs: number | undefined,
): Policy {
  const expiresAt = expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() };
  const from = cidr === undefined ? {} : { from: { peers: [{ cidr }] } };
  return build(`p${name}`, { ...parts, ...from, ...expiresAt });
}

test('through any changes of policies and time, and what was given out stays as it was', () => {
  let differing = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 2, maxLength: 7 }), traffic, (changes, asks) => {
      const compiler = createCompiler();
      const standing = new Map<number, Policy>();
      const given: { readonly snapshot: Snapshot; readonly bytes: string }[] = [];
      let nowMs: number = noon;
      for (const { put, remove, lives, passedMs } of changes) {
        const expiresAtMs = lives === undefined ? undefined : nowMs + lives;
        for (const one of put) standing.set(one[0], policyOf(one, expiresAtMs));
        for (const name of remove) standing.delete(name);
        nowMs += passedMs;
        const options = { generation: given.length + 1, nowMs: millis(nowMs) };
        const kept = compiler.compile([...standing.values()], options);
        const anew = compilePolicies([...standing.values()], options);
        expect([kept.names, kept.policies, kept.generation]).toEqual([
          ...[anew.names, anew.policies, anew.generation],
        ]);
        expect(verdicts(kept, asks)).toEqual(verdicts(anew, asks));
        if (bytesOf(kept) !== bytesOf(anew)) differing += 1;
        given.push({ snapshot: kept, bytes: bytesOf(kept) });
      }
      for (const { snapshot, bytes } of given) expect(bytesOf(snapshot) === bytes).toBe(true);
      expect(new Set(given.map(({ snapshot }) => snapshot.buffer)).size).toBe(given.length);
    }),
    { numRuns: 150, seed: 11 },
  );
  // Kept tables are not those that are made anew: what is compared is not one with itself.
  expect(differing).toBeGreaterThan(100);
}, 60_000);

const many = (count: number): Policy[] =>
  Array.from({ length: count }, (_, index) =>
    policy({
      ...{ name: `p-${index}`, from: { peers: [{ workload: { name: `w-${index % 50}` } }] } },
      http: { paths: [`/a/p${index}`], methods: ['GET', 'PUT'] },
    }),
  );

test.each([100, 10_000])('among %i policies one that comes or changes is compiled alone', (count) => {
  const compiler = createCompiler();
  const options = { generation: 1, nowMs: noon };
  const policies = many(count);
  const first = compiler.compile(policies, options);
  expect(compiler.work).toEqual({ policies: count, rows: 2 * count });
  policies[7] = policy({ name: 'p-7', mode: 'Shadow', http: { paths: ['/b'] } });
  const second = compiler.compile(policies, options);
  expect(compiler.work).toEqual({ policies: count + 1, rows: 2 * count + 1 });
  compiler.compile(policies.slice(1), options);
  expect(compiler.work.policies).toBe(count + 1);
  expect(first.names.length).toBe(second.names.length);
});

test('policies that come and go for long do not make the tables grow for long', () => {
  const compiler = createCompiler();
  const standing = many(10);
  const sizes: number[] = [];
  for (let round = 0; round < 3_000; round += 1) {
    const passing = policy({ name: 'passing', http: { paths: [`/round/${10_000 + round}/x`] } });
    const snapshot = compiler.compile([...standing, passing], { generation: round, nowMs: noon });
    sizes.push(snapshot.buffer.byteLength);
  }
  const [first = 0] = sizes;
  // Two sets' worth and a thousand that went: each of those is a name of a path and a node.
  expect(Math.max(...sizes)).toBeLessThan(first + 1_100 * 200);
  expect(Math.max(...sizes.slice(2_000))).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 2_000)));
  expect(compiler.work.policies).toBeLessThan(3_000 + 10 * 4);
});
