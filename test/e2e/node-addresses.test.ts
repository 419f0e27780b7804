// The addresses of a pod change in the inventory while it is called: what its policies ask for stands all the time, on its other addresses too.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noRules } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';
import { startFailureLab, type FailureLab } from './failure-lab.ts';

describeUnless(noRules)('a pod whose addresses change under load', () => {
  let lab: FailureLab;
  beforeAll(async () => {
    lab = await startFailureLab();
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test('is never called past the agent, and no request fails', async () => {
    lab.setFailure('Closed');
    const agent = lab.agent();
    await agent.up();
    await lab.begin('fresh', 'barred', 'kept');
    await lab.seen('barred', '403');
    for (const name of ['fresh', 'kept', 'barred'] as const) await lab.take(name, '200');
    const before = await lab.direct();
    const { ipv4, ipv6 } = lab.orders;
    const rows = [[ipv4], [ipv4, ipv6], [ipv4, ipv6, '10.77.0.99'], ['10.77.0.99', ipv4], [ipv4, ipv6]];
    for (const addresses of rows) {
      await lab.setAddresses(agent, addresses);
      // All begun before the change was read are judged, and ten begun after it.
      expect(await lab.take('fresh', '200')).toMatchObject({ failed: 0 });
      await lab.seen('fresh', '200', 10);
      expect(await lab.take('barred', '403')).toMatchObject({ failed: 0 });
      await lab.seen('barred', '403', 10);
    }
    for (const [name, good] of [
      ['fresh', '200'],
      ['kept', '200'],
      ['barred', '403'],
    ] as const) {
      const taken = await lab.take(name, good);
      expect(taken).toMatchObject({ failed: 0 });
      expect(taken.requests).toBeGreaterThan(0);
    }
    expect((await lab.direct()) - before).toBe(0);
    expect(agent.stderr()).not.toContain('taken back');
    await lab.end();
    agent.child.kill('SIGTERM');
    expect((await agent.finished).status).toBe(0);
    expect(lab.rules()).toBe('');
  });
});
