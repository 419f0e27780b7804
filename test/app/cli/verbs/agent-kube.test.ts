// `agent --node --kube`: what cannot be meant is refused before anybody is asked.
import { expect, test } from 'vitest';
import { kubeSources } from '../../../../src/app/cli/verbs/agent-kube.ts';

const context = {
  env: { KUBECONFIG: '/nonexistent/kubeconfig' },
  interrupted: Promise.resolve(),
  say: (): void => undefined,
};

test.each([
  [{ pods: 'p' }, 'and --pods from a file'],
  [{ policies: 'd' }, 'and --policies from a file'],
  [{ pods: 'p', policies: 'd' }, 'and --pods and --policies from a file'],
])('files beside the cluster are refused: %j', (options, words) => {
  const refused = (): unknown => kubeSources(options, context);
  expect(refused).toThrow(expect.objectContaining({ code: 'KUBE_AND_FILES', family: 'usage' }));
  expect(refused).toThrow(words);
});

test('without a cluster it says which file was looked for', () => {
  expect(() => kubeSources({}, context)).toThrow('/nonexistent/kubeconfig does not exist');
});
