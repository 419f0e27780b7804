// Before there is anything to show: each state says what is so, and which key or command cures it.
import { expect, test } from 'vitest';
import { everyNamespace } from '../../../src/core/model/cluster-place.ts';
import { firstScreen } from '../../../src/tui/state/first-minutes.ts';
import { firstScreenLines } from '../../../src/tui/panes/first-minutes-pane.ts';
import { status } from '../../io/feed/feed-samples.ts';
import { placeOf, sceneFlows, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

const on = (place = placeOf('kind-shop')): Stage => stage(80, 24, { place, restarts: true });
const refuse = (scene: Stage, code: string, message: string, state: 'closed' | 'reconnecting' = 'closed') => {
  const error = { code, message, hint: 'Do this.' };
  scene.send({
    type: 'feed',
    nowMs: scene.state().nowMs,
    message: { type: 'connection', state, detail: message, error },
  });
  return firstScreen(scene.state(), scene.session.data);
};
const hows = (screen: ReturnType<typeof firstScreen>): string[] =>
  (screen?.cures ?? []).map(({ how }) => how);

test.each([
  ['KUBECONFIG_MISSING', 'No cluster is chosen', 'kubectl api-defense demo'],
  ['CONTEXT_NOT_CHOSEN', 'No cluster is chosen', 'kubectl api-defense --kubeconfig FILE'],
  ['KUBE_UNREACHABLE', 'The cluster cannot be reached', 'kubectl cluster-info --context kind-shop'],
  ['KUBE_UNAUTHORIZED', 'The cluster does not know who you are', 'kubectl auth whoami --context kind-shop'],
  [
    'API_DEFENSE_NOT_INSTALLED',
    'Nothing is installed',
    'kubectl api-defense install --image IMAGE --context kind-shop',
  ],
  ['HUB_AWAY', 'The hub is away', 'kubectl api-defense status --context kind-shop'],
  ['FEED_TOO_NEW', 'newer than this program', 'kubectl api-defense --version'],
])('%s is a screen: %s, and %s', (code, title, how) => {
  const screen = refuse(on(), code, 'So it is.');
  expect(screen?.title).toContain(title);
  expect(screen?.text[0]).toBe('So it is. Do this.');
  expect(hows(screen).join('\n')).toContain(how);
  expect(hows(screen)).toEqual(expect.arrayContaining(['ctrl-r', ':', '4', 'Q']));
});

test('what is tried again by itself offers no key for it', () => {
  expect(hows(refuse(on(), 'HUB_AWAY', 'Away.', 'reconnecting'))).not.toContain('ctrl-r');
});

test.each([
  [
    'ann',
    placeOf('kind-shop'),
    'kubectl create rolebinding apidefense-viewer --clusterrole=apidefense-viewer --user=ann -n shop --context kind-shop',
  ],
  [
    'system:serviceaccount:ci:bot',
    placeOf('kind-shop', { namespace: everyNamespace }),
    'kubectl create clusterrolebinding apidefense-viewer --clusterrole=apidefense-viewer --serviceaccount=ci:bot --context kind-shop',
  ],
])('%s without rights is told the binding that gives them', (user, place, how) => {
  const screen = refuse(on(place), 'KUBE_FORBIDDEN', `${user} may not watch flows.live.apidefense.dev.`);
  expect(hows(screen)).toContain(how);
  const lines = firstScreenLines(screen ?? { title: '', level: 'bad', text: [], cures: [] }, 74);
  const text = lines.map((line) => line.map((each) => each.text).join(''));
  for (const line of text) expect(line.length).toBeLessThanOrEqual(74);
  // A shell reads it as the one command that it is.
  expect(text.join('\n').replaceAll(/ \\\n +/g, ' ')).toContain(how);
});

test('a hub without traffic says where none was seen, and how to look wider', () => {
  const scene = on();
  expect(firstScreen(scene.state(), scene.session.data)).toBeUndefined();
  scene.send({
    type: 'feed',
    nowMs: scene.state().nowMs,
    message: { type: 'connection', state: 'connected', detail: '' },
  });
  scene.send({ type: 'feed', nowMs: scene.state().nowMs, message: { type: 'status', status } });
  const screen = firstScreen(scene.state(), scene.session.data);
  expect(screen).toMatchObject({ title: 'No traffic yet', level: 'info' });
  expect(screen?.text[0]).toContain('have seen no request in namespace shop in the last 10m');
  expect(scene.screen()).toContain('No traffic yet');
});

test('it gives way to the first flow, and does not come back when the other side goes away', () => {
  const scene = on();
  refuse(scene, 'HUB_AWAY', 'Away.', 'reconnecting');
  scene.feed(sceneFlows(590));
  expect(firstScreen(scene.state(), scene.session.data)).toBeUndefined();
});

test('an agent’s feed keeps its own words', () => {
  const scene = stage(80, 24);
  scene.send({ type: 'feed', nowMs: scene.state().nowMs, message: { type: 'status', status } });
  expect(firstScreen(scene.state(), scene.session.data)).toBeUndefined();
});
