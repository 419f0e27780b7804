// What a client still sends over a connection that a policy has cut, because it never hears of that: the real agent, and a client whose namespace
// drops resets.
import { expect, onTestFinished } from 'vitest';
import { noRules } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import type { Answer } from './inline-lab.ts';
import { createNodeAgentLab, policyOn } from './node-agent-lab.ts';

const node = testUnless(noRules);

const deafToResets = `table ip deaf {
  chain input {
    type filter hook input priority 0;
    tcp flags & rst == rst counter drop
  }
}`;

node('late segments of a cut connection are told as refused, if at all, never as let through', async () => {
  const lab = await createNodeAgentLab();
  onTestFinished(() => lab[Symbol.asyncDispose]());
  const { scanner, orders } = lab.pods;
  lab.setPods({ without: ['web', 'ledger'] });
  await lab.start();
  await until('both are tapped', async () => (await lab.status()).tap.rings === 2);
  const host = orders.ipv4;
  const hands = lab.callers.scanner;
  const { localPort } = (await hands.ask({ order: 'open', name: 'kept', host, port: 8080 })) as {
    localPort: number;
  };
  expect(((await hands.ask({ order: 'ask', name: 'kept', host, path: '/before' })) as Answer).status).toBe(
    200,
  );
  const flows = () => lab.flows().filter(({ source }) => source.address === `${scanner.ipv4}:${localPort}`);
  await until('it is told', () => flows().length === 1);

  lab.net.run(scanner, 'nft', ['-f', '-'], deafToResets);
  await lab.put(policyOn('no-scanner', {}));
  await until('it is cut', () => flows().some(({ ended }) => ended === 'policy-cut'));
  await hands.ask({ order: 'write', name: 'kept', text: 'GET /late HTTP/1.1\r\nHost: a\r\n\r\n' });
  // Its own reset, and one for each time that the client sends its request again: the last one seven seconds after the one before, when the
  // tap has forgotten the connection.
  await until('the client has sent it seven times', () => {
    const rules = lab.net.run(scanner, 'nft', ['list', 'table', 'ip', 'deaf']);
    return Number(/packets (\d+)/.exec(rules)?.[1]) >= 8;
  });
  await until('whatever it is, is told', () => flows().some(({ opaque }) => opaque === 'attempt'));
  const told = flows().map(({ verdict, request, opaque, shadow }) => [
    verdict.action,
    request?.path ?? opaque ?? '',
    shadow?.action ?? '',
  ]);
  expect(told).toEqual([
    ['allow', '/before', ''],
    ['block', '', ''],
    ['block', 'attempt', ''],
  ]);
  expect(lab.events.filter(({ type }) => type === 'lost')).toEqual([]);
});
