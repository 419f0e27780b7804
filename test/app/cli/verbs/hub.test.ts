// `hub`, and an agent's options for it: what cannot be meant is refused with the option at fault, before anybody is asked.
import { expect, test } from 'vitest';
import { agentHub } from '../../../../src/app/cli/verbs/agent-hub.ts';
import { hub } from '../../../../src/app/cli/verbs/hub.ts';
import { createLineWriter } from '../../../../src/app/cli/output/writer.ts';

const context = {
  ...{ env: { KUBECONFIG: '/nonexistent/kubeconfig' }, stdin: process.stdin, stdout: process.stdout },
  ...{ out: createLineWriter(process.stdout, () => undefined), say: (): void => undefined },
  interrupted: Promise.resolve(),
};
const files = { hubCa: 'ca.pem', hubTokenFile: 'token' };
const silent = (): void => undefined;

test('a hub that is to listen nowhere does not begin', async () => {
  await expect(hub([], { listen: 'everywhere' }, context)).rejects.toMatchObject({
    ...{ code: 'HOST_PORT', family: 'usage' },
  });
});

test.each(['http://hub', 'hub:443', 'https://hub/path', ''])('a hub is never spoken to at %j', (url) => {
  expect(() => agentHub({ hub: url, ...files }, 'n1', silent)).toThrow(
    expect.objectContaining({ code: 'HUB_ADDRESS' }),
  );
});

test.each([
  [{ hubTokenFile: 'token' }, '--hub-ca'],
  [{ hubCa: 'ca.pem' }, '--hub-token-file'],
])('an agent needs an authority and a token for its hub: %j', (given, missing) => {
  expect(() => agentHub({ hub: 'https://hub', ...given }, 'n1', silent)).toThrow(`--hub needs ${missing}`);
});

test('without --hub there is none', () => {
  expect(agentHub({}, 'n1', silent)).toBeUndefined();
});

test('an agent that has never reached its hub says that it knows nothing of other nodes', async () => {
  const own = agentHub({ hub: 'https://hub', ...files }, 'n1', silent);
  const local = {
    current: () => ({ pods: [], peers: [], services: [] }),
    onChange: () => () => undefined,
    close: () => undefined,
  };
  const joined = await own?.join(local, silent);
  expect(own?.options.notice()).toBe(
    'The hub at https://hub has not been reached yet: nothing is known of other nodes.',
  );
  joined?.close();
});
