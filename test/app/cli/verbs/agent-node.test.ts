// The words of `agent --node`: what is refused with which sentence, and what is said when it has begun.
import { expect, test } from 'vitest';
import { nodeOptions, nodeSentences, requireNamespaces } from '../../../../src/app/cli/verbs/agent-node.ts';
import type { NodeStatus } from '../../../../src/core/model/node-status.ts';

test('defaults are those of a node', () => {
  expect(nodeOptions({ pods: 'pods.yaml', name: 'a' })).toMatchObject({
    netnsDirectory: '/run/netns',
    sysctlRoot: '/proc/sys/net',
    owner: { owner: 'a' },
    tapBudgetBytes: 64 * 1024 * 1024,
  });
});

test('without a name it is called after its host, in letters that nftables takes', () => {
  expect(nodeOptions({ pods: 'pods.yaml' }).owner.owner).toMatch(/^node-[a-z0-9.-]{1,58}$/);
});

test.each([
  [{}, 'PODS_FILE_MISSING'],
  [{ pods: 'p', name: '9lives' }, 'AGENT_NAME'],
  [{ pods: 'p', name: 'a_b' }, 'AGENT_NAME'],
  [{ pods: 'p', name: 'a'.repeat(64) }, 'AGENT_NAME'],
  [{ pods: 'p', tapBudget: '0' }, 'NUMBER'],
  [{ pods: 'p', tapBudget: 'lots' }, 'NUMBER'],
  [{ pods: 'p', generation: '0' }, 'NUMBER'],
  [{ pods: 'p', generation: '1.5' }, 'NUMBER'],
] as const)('%j is refused as %s', (options, code) => {
  expect(() => nodeOptions(options)).toThrow(expect.objectContaining({ code, family: 'usage' }));
});

test('a directory of namespaces that is not there is named, and rights are not', () => {
  const missing = (): void => requireNamespaces({ netnsDirectory: '/nonexistent/netns' });
  expect(missing).toThrow('There is no directory /nonexistent/netns');
  expect(missing).toThrow(
    expect.objectContaining({
      ...{ code: 'NETNS_DIRECTORY_MISSING', family: 'notFound' },
      hint: 'Name the one of the container runtime with --netns DIR, as it is mounted here.',
    }),
  );
  expect(() => requireNamespaces({ netnsDirectory: import.meta.dirname })).not.toThrow();
});

test('what stands is said, and each pod that is not enrolled with its reason', () => {
  const pod = { tap: true, entries: 0, inline: [], open: 0, outside: 0 };
  const status: NodeStatus = {
    ...{ owner: 'a', generation: 7, policies: [] },
    gears: [{ name: 'tap', ok: true, sentence: 'Tap works.' }],
    pods: [
      { ...pod, pod: 'shop/a', state: 'enrolled', sentence: '' },
      {
        ...pod,
        pod: 'shop/b',
        state: 'waiting',
        tap: false,
        sentence: 'No namespace with its address is there yet.',
      },
    ],
    tap: { budgetBytes: 1, ringBytes: 8 * 1024 * 1024, rings: 2, sentence: 'The tap does not observe x.' },
  };
  expect(nodeSentences(status)).toEqual([
    'agent a, start 7: 1 pod of 2 enrolled, 1 tapped with 8 MiB',
    'Tap works.',
    'shop/b: No namespace with its address is there yet.',
    'The tap does not observe x.',
  ]);
});
