// Policies and pods → plan, statements and nftables text, as a table: test/cases/plan/ holds what each row comes to.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nftRuleset } from '../../../src/core/plan/ruleset.ts';
import { linesOf, planOf } from './build.ts';
import { planCases } from './plan-cases.ts';

const directory = join(import.meta.dirname, '..', '..', 'cases', 'plan');
const options = { owner: 'agent', generation: 7, mode: 'fwmark', listenPort: 15906 } as const;

test.each(planCases)('$name', async ({ name, policies, parts }) => {
  const plan = planOf(policies, parts);
  const tables = plan.pods.flatMap((pod) => {
    const text = nftRuleset(pod, options);
    return text === '' ? [] : ['', `# ${pod.pod}`, text.trimEnd()];
  });
  const text = [...linesOf(plan), ...tables].join('\n');
  await expect(`${text.trimEnd()}\n`).toMatchFileSnapshot(join(directory, `${name}.txt`));
});

test('the table has at least forty rows with different names', () => {
  expect(new Set(planCases.map(({ name }) => name)).size).toBe(planCases.length);
  expect(planCases.length).toBeGreaterThanOrEqual(40);
});

test('where the kernel cannot log, what is refused at the source is refused and counted all the same', () => {
  const row = planCases.find(({ name }) => name === 'egress-to-cidr-outside')!;
  const [pod] = planOf(row.policies, row.parts).pods.filter(({ kernel }) => kernel.outbound.length > 0);
  const text = nftRuleset(pod!, { ...options, logs: false });
  expect(text).toContain('map @out_net_port4_reset reject with tcp reset');
  expect(text).toContain('counter p/shop/p');
  expect(text).not.toMatch(/log group|out_log|refused-at-source/);
});
