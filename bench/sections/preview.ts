// What a preview costs: a million recorded requests judged by the evaluator that enforces, before and after a change.
import type { Section } from '../lib/bench-context.ts';
import { short, shown, summarise } from '../lib/statistics.ts';
import { millis } from '../../src/core/model/brand.ts';
import type { FlowEvent } from '../../src/core/model/event.ts';
import { parsePolicy } from '../../src/core/policy/parse-policy.ts';
import { createPreview } from '../../src/core/policy/preview.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { flowAt } from '../load/flow-source.ts';
import { refusedPrefix, times } from '../peers/peer.ts';

const flowCount = 1_000_000;
/** Distinct flows, given again and again: a window of a million would measure the heap, not the preview. */
const distinctFlows = 20_000;
const nowMs = millis(Date.UTC(2026, 10, 23, 12));
const callers = ['storefront', 'cart', 'web', 'nightly', 'scanner'];

function policy(name: string, from: string, paths: readonly string[]): Policy {
  const parsed = parsePolicy({
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: { name, namespace: 'shop' },
    spec: {
      mode: 'Enforce',
      from: { peers: [{ workload: { name: from, namespace: 'shop' } }] },
      to: { peers: [{ workload: { name: 'orders', namespace: 'shop' } }] },
      match: { http: { paths } },
      action: { type: 'Block' },
    },
  });
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.policy;
}

interface Round {
  readonly seconds: number;
  readonly flips: number;
}

function preview(flows: readonly FlowEvent[], current: readonly Policy[]): Round {
  const change = policy('block-scanner', 'scanner', ['/orders/{id}']);
  const startMs = performance.now();
  const running = createPreview({ current, change: { type: 'add', policy: change }, nowMs });
  for (let pushed = 0; pushed < flowCount;) {
    for (const each of flows) running.push(each);
    pushed += flows.length;
  }
  const { flips } = running.result();
  return { seconds: (performance.now() - startMs) / 1000, flips };
}

/** With one and with ten thousand policies already in force. */
export const previewSection: Section = (context) => {
  const flows = times(distinctFlows, (index) => flowAt(index, nowMs - distinctFlows + index));
  const results = [1, 100, 10_000].map((policies) => {
    const current = times(policies, (index) =>
      policy(`refuse-${index}`, callers[index % callers.length] ?? '', [`${refusedPrefix(index)}*`]),
    );
    const rounds = times(Math.min(3, context.rounds), () => {
      context.say(`preview of ${flowCount.toLocaleString('en-US')} requests, ${policies} policies in force`);
      return preview(flows, current);
    });
    return { policies, rounds };
  });
  return Promise.resolve({
    title: 'Preview over 1,000,000 requests',
    notes: [
      `${distinctFlows.toLocaleString('en-US')} distinct flows given ${flowCount / distinctFlows} times, one thread, compiling included; median (lowest–highest).`,
    ],
    tables: [
      {
        caption: 'Adding one Block policy',
        columns: ['policies in force', 'seconds', 'µs/request', 'flips'],
        rows: results.map(({ policies, rounds }) => {
          const seconds = summarise(rounds.map((each) => each.seconds));
          return [
            policies.toLocaleString('en-US'),
            shown(seconds),
            short((seconds.median * 1e6) / flowCount),
            (rounds[0]?.flips ?? 0).toLocaleString('en-US'),
          ];
        }),
      },
    ],
    raw: results,
  });
};
