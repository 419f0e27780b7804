// A pod that goes from one start of the agent to another, against a real kernel: whose it is at each step, and that nobody has two minds of it.
import { expect, onTestFinished, test } from 'vitest';
import { offeredGeneration, ownerChain, waitingChain } from '../../src/core/plan/node-constants.ts';
import { enrol, type Enrolment } from '../../src/io/kernel/node/enrolment.ts';
import { isFreeOrWait, stopWaiting } from '../../src/io/kernel/node/waiting.ts';
import { openNetns } from '../../src/io/kernel/node/netns.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';
import { createNodeBench, sampleRules, traces } from './node-fixture.ts';

const [older, newer] = [5, 6].map((generation) => ({ owner: 'agent', generation })) as [
  { owner: string; generation: number },
  { owner: string; generation: number },
];

async function bench() {
  const made = await createNodeBench();
  onTestFinished(() => made[Symbol.dispose]());
  const { kernel, netns, lab, pod } = made;
  const begin = (owner: typeof older): Enrolment => {
    const enrolment = enrol(kernel, { netns: openNetns(pod.path), addresses: [pod.ipv4], owner });
    enrolment.apply({ ruleset: sampleRules(owner.generation), mode: 'fwmark' });
    return enrolment;
  };
  return {
    ...{ ...made, begin, before: traces(lab, pod) },
    rules: () => lab.run(pod, 'nft', ['list', 'ruleset']),
    nft: (text: string) => lab.run(pod, 'nft', ['-f', '-'], text),
    isFree: () => isFreeOrWait(kernel, netns, older),
    waitNoMore: () => stopWaiting(kernel, netns, older),
  };
}

describeUnless(noRules)('a pod that changes hands', () => {
  test('is offered only where an earlier start waits, judged by its rules until that has its own, and leaves no trace', async () => {
    const made = await bench();
    const first = made.begin(older);
    const second = made.begin(newer);
    expect([first.standing(), second.offer()]).toEqual(['newer', false]);
    expect([made.isFree(), made.isFree()]).toEqual([false, false]);
    expect(made.rules().split(waitingChain(older))).toHaveLength(2);
    expect(second.offer()).toBe(true);
    expect(made.rules()).toContain(ownerChain({ ...newer, generation: offeredGeneration }));
    expect(made.rules()).toContain('set live-6');
    expect([made.isFree(), second.isTaken()]).toEqual([true, false]);
    first.drop();
    const again = made.begin(older);
    expect([second.isTaken(), again.standing()]).toEqual([true, 'ours']);
    expect(made.rules()).not.toContain('waits-');
    second.drop();
    expect(again.release()).toBe('released');
    expect(traces(made.lab, made.pod)).toBe(made.before);
  });

  test('that nobody takes is the newer one’s again; who was faster has it', async () => {
    const made = await bench();
    const first = made.begin(older);
    const second = made.begin(newer);
    made.isFree();
    expect(second.offer()).toBe(true);
    second.reclaim();
    expect([second.standing(), second.isTaken(), made.isFree()]).toEqual(['ours', false, false]);
    second.change({ text: 'add set inet apidefense mine { type inet_service; }', mode: 'fwmark' });
    expect(second.offer()).toBe(true);
    first.drop();
    const again = made.begin(older);
    expect(() => second.reclaim()).toThrow();
    expect(second.isTaken()).toBe(true);
    second.drop();
    again.release();
  });

  test('that was claimed is the older one’s still while its rules stand', async () => {
    const made = await bench();
    const first = made.begin(older);
    const claim = (from: number, to: number): string =>
      made.nft(
        `delete chain inet apidefense owner-agent_${from}\nadd chain inet apidefense owner-agent_${to}\n`,
      );
    claim(5, 6);
    expect(first.standing()).toBe('ours');
    made.nft('delete chain inet apidefense pre\ndelete set inet apidefense live-5\n');
    expect(first.standing()).toBe('newer');
    claim(6, 5);
    first.release();
  });

  test('who was overtaken and stops first waits no more', async () => {
    const made = await bench();
    const first = made.begin(older);
    const second = made.begin(newer);
    made.isFree();
    made.waitNoMore();
    made.waitNoMore();
    expect(made.rules()).not.toContain('waits-');
    expect(second.offer()).toBe(false);
    first.drop();
    second.release();
    expect(traces(made.lab, made.pod)).toBe(made.before);
  });
});
