// From a key on a row to a stored policy, and what is said of it: truthfully at each step.
import { expect, test } from 'vitest';
import { without } from '../../core/policy/build.ts';
import { messageLine } from '../../../src/tui/state/header-figures.ts';
import type { MutationDialog } from '../../../src/tui/state/dialog.ts';
import { activePolicy, blockedFlow, finding, rejectedPolicy, sceneFlows, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';
import { nameOf as policyNameOf } from '../../../src/core/policy/policy-name.ts';

function onScanner(options: Parameters<typeof stage>[2] = {}): Stage {
  const scene = stage(80, 24, options);
  scene.feed(sceneFlows(590));
  scene.press('filter.edit');
  scene.type('from:scanner');
  scene.press('filter.accept');
  return scene;
}

function dialogOf(scene: Stage): MutationDialog {
  const dialog = scene.state().dialogs.at(-1);
  if (dialog?.type !== 'mutation') throw new Error('no mutation dialog is open');
  return dialog;
}

const requests = (scene: Stage) => scene.effects.filter((effect) => effect.type === 'feed.request');
const told = (scene: Stage): string | undefined => messageLine(scene.state(), scene.session.data)?.text;

/** Answers the newest request as the agent does. */
function answer(scene: Stage, result: unknown): void {
  const tag = requests(scene).at(-1)?.tag ?? -1;
  scene.send({ type: 'replied', tag, result });
}

const nameOf = (dialog: MutationDialog): string => policyNameOf(dialog.policy);

test('the dialog holds the exact policy that y would send', () => {
  const scene = onScanner();
  scene.press('flow.block');
  const { policy, yaml } = dialogOf(scene);
  expect(policy.spec).toMatchObject({
    mode: 'Enforce',
    from: { peers: [{ workload: { name: 'scanner' } }] },
    to: { peers: [{ workload: { name: 'orders' } }] },
    match: { http: { methods: ['GET'], paths: ['/orders/{id}'] } },
    action: { type: 'Block' },
    expiresAt: '2026-11-23T03:31:00.000Z',
  });
  expect(yaml.join('\n')).toContain(policy.metadata.name);
  scene.preview();
  scene.press('dialog.apply');
  expect(requests(scene)).toEqual([
    {
      type: 'feed.request',
      tag: expect.any(Number) as number,
      operation: { op: 'policy.apply', object: policy },
    },
  ]);
});

test('y is refused until the preview is done', () => {
  const scene = onScanner();
  scene.press('flow.block', 'dialog.apply');
  expect(requests(scene)).toEqual([]);
  expect(dialogOf(scene).refusal).toMatch(/preview/);
  scene.preview();
  expect(scene.screen()).toMatch(/33 of 319 requests would flip.*all from/);
  scene.press('dialog.apply');
  expect(requests(scene)).toHaveLength(1);
});

test('a second y sends nothing more', () => {
  const scene = onScanner();
  scene.press('flow.block');
  scene.preview();
  scene.press('dialog.apply', 'dialog.apply');
  expect(requests(scene)).toHaveLength(1);
});

test('what is said goes from stored over active to the first refused requests', () => {
  const scene = onScanner();
  scene.press('flow.block');
  scene.preview();
  const name = nameOf(dialogOf(scene));
  scene.press('dialog.apply');
  expect(told(scene)).toMatch(/sent to the agent, not answered yet/);
  answer(scene, { name, change: 'created' });
  expect(scene.state().dialogs).toEqual([]);
  expect(told(scene)).toMatch(/stored; waiting for the agent to report it active/);
  scene.feed([{ ...activePolicy, name, hits: 0 }]);
  expect(told(scene)).toMatch(/active; no request has met it yet/);
  const refused = blockedFlow(700);
  scene.feed([{ ...refused, verdict: { ...refused.verdict, policy: name } }]);
  expect(told(scene)).toMatch(/active; 1 request refused so far/);
});

test('of a throttle that held nobody up it is not said that no request met it', () => {
  const scene = onScanner();
  scene.press('flow.throttle');
  scene.preview();
  const name = nameOf(dialogOf(scene));
  scene.press('dialog.apply');
  answer(scene, { name, change: 'created' });
  scene.feed([{ ...activePolicy, name, hits: 0 }]);
  expect(told(scene)).toMatch(/active; no request has gone over its rate yet/);
});

test('a policy that the agent rejects is never called active', () => {
  const scene = onScanner();
  scene.press('flow.block');
  scene.preview();
  const name = nameOf(dialogOf(scene));
  scene.press('dialog.apply');
  answer(scene, { name, change: 'created' });
  scene.feed([{ ...rejectedPolicy, name }]);
  expect(told(scene)).toMatch(/rejected by the agent: spec\.action/);
});

test('a refusal stays in the dialog with what to do', () => {
  const scene = onScanner();
  scene.press('flow.block');
  scene.preview();
  scene.press('dialog.apply');
  const tag = requests(scene).at(-1)?.tag ?? -1;
  scene.send({
    type: 'refused',
    tag,
    error: { code: 'X', message: 'The folder is full.', hint: 'Make room.' },
  });
  expect(dialogOf(scene)).toMatchObject({ refusal: 'The folder is full. Make room.', sending: undefined });
});

const refusing: readonly (readonly [string, Parameters<typeof stage>[2], RegExp])[] = [
  ['in a recording', { kind: 'replay' }, /This is a recording/],
  ['started read-only', { readOnly: true }, /--read-only/],
  ['with an agent that takes no policies', { writable: false }, /takes no policies/],
];
for (const [when, options, sentence] of refusing)
  test(`${when}, the effect is shown and applying says why it cannot`, () => {
    const scene = onScanner(options);
    scene.press('flow.block');
    scene.preview();
    expect(dialogOf(scene).preview.type).toBe('done');
    scene.press('dialog.apply');
    expect(requests(scene)).toEqual([]);
    expect(dialogOf(scene).refusal).toMatch(sentence);
  });

test('locked or disconnected, nothing is sent', () => {
  const scene = onScanner();
  scene.press('app.lock', 'flow.block');
  scene.preview();
  scene.press('dialog.apply');
  expect(dialogOf(scene).refusal).toMatch(/Locked/);
  scene.press('item.close', 'app.lock');
  const { nowMs } = scene.state();
  scene.send({ type: 'feed', nowMs, message: { type: 'connection', state: 'reconnecting', detail: 'gone' } });
  scene.press('flow.block');
  scene.preview();
  scene.press('dialog.apply');
  expect(dialogOf(scene).refusal).toMatch(/Not connected/);
  expect(requests(scene)).toEqual([]);
});

test('an edited field makes a new policy and a new preview', () => {
  const scene = onScanner();
  scene.press('flow.throttle');
  scene.preview();
  const before = dialogOf(scene);
  scene.press('dialog.edit', 'dialog.nextField');
  expect(dialogOf(scene).editing?.field).toBe('rate');
  scene.send({ type: 'edit', edit: 'deleteToStart' });
  scene.type('2/s');
  scene.press('field.accept');
  const after = dialogOf(scene);
  expect(after.policy.spec.action).toMatchObject({ type: 'Throttle', throttle: { rate: '2/s' } });
  expect(after.preview).toMatchObject({ type: 'running' });
  expect(after.policy.metadata.name).toBe(before.policy.metadata.name);
  expect(after.yaml.join('\n')).toContain('2/s');
});

test('a wrong field text is refused with what is right, and nothing changes', () => {
  const scene = onScanner();
  scene.press('flow.throttle', 'dialog.edit', 'dialog.nextField');
  const { policy } = dialogOf(scene);
  scene.type('x');
  scene.press('field.accept');
  expect(dialogOf(scene).editing?.error).toMatch(/such as 20\/s/);
  expect(dialogOf(scene).policy).toBe(policy);
  scene.press('field.cancel');
  expect(dialogOf(scene).editing).toBeUndefined();
});

test('a lifetime of never leaves expiresAt out, 1h30m puts it there', () => {
  const scene = onScanner();
  const expires = (text: string): string | undefined => {
    scene.press('dialog.edit', 'dialog.nextField');
    scene.send({ type: 'edit', edit: 'deleteToStart' });
    scene.type(text);
    scene.press('field.accept');
    return dialogOf(scene).policy.spec.expiresAt;
  };
  scene.press('flow.block');
  expect(expires('never')).toBeUndefined();
  expect(expires('1h30m')).toBe('2026-11-23T04:31:00.000Z');
});

test('s stores it in shadow first, w widens it to everything the caller asks', () => {
  const scene = onScanner();
  scene.press('flow.block', 'dialog.shadow');
  expect(dialogOf(scene).policy.spec.mode).toBe('Shadow');
  scene.press('dialog.scope');
  expect(dialogOf(scene).policy.spec.match).toBeUndefined();
  expect(dialogOf(scene).policy.spec.mode).toBe('Shadow');
});

test('w goes from the route over the destination to all that the caller asks, and round again', () => {
  const scene = onScanner();
  scene.press('flow.block');
  const seen: unknown[] = [];
  for (let turn = 0; turn < 4; turn++) {
    const { scope, policy } = dialogOf(scene);
    seen.push([scope, 'peers' in policy.spec.to, policy.spec.match !== undefined]);
    scene.press('dialog.scope');
  }
  expect(seen).toEqual([
    ['route', true, true],
    ['destination', true, false],
    ['everything', false, false],
    ['route', true, true],
  ]);
  scene.press('dialog.scope');
  scene.preview();
  expect(scene.screen()).toMatch(/Block scanner → anyone[\s\S]*scope everything scanner asks of anyone/);
});

test('a row of which no policy can speak is said so instead of a dialog', () => {
  const scene = stage(80, 24);
  const [flow] = sceneFlows(1);
  scene.feed([{ ...flow!, source: { ...flow!.source, namespace: 'Not A Namespace' } }]);
  scene.press('flow.block');
  expect(scene.state().dialogs.at(-1)).toMatchObject({ type: 'message', level: 'bad' });
});

test('a scope that no policy can say is passed over in words', () => {
  const scene = stage(80, 24);
  const [flow] = sceneFlows(1);
  scene.feed([{ ...flow!, id: 'odd', request: { ...flow!.request!, route: '/a//b' } }]);
  scene.press('screen.graph', 'move.left', 'flow.block');
  expect(dialogOf(scene).scope).toBe('destination');
  scene.press('dialog.scope', 'dialog.scope');
  expect(dialogOf(scene)).toMatchObject({ scope: 'destination' });
  expect(dialogOf(scene).refusal).toMatch(/route \/a\/\/b cannot be written/);
});

test('a stream that cannot be read has no narrow scope, and its wide one is a policy too', () => {
  const scene = stage(80, 24);
  scene.feed([{ ...without(sceneFlows(1)[0]!, 'request'), opaque: 'not HTTP' }]);
  scene.press('flow.block');
  expect(dialogOf(scene).scope).toBe('destination');
  scene.press('dialog.scope');
  expect(dialogOf(scene).scope).toBe('everything');
  scene.press('dialog.scope');
  expect(dialogOf(scene).scope).toBe('destination');
});

test('a finding that accuses the caller of no single path begins with all that it asks', () => {
  const scene = onScanner();
  scene.feed([{ ...finding, suggestion: { action: 'block' } }]);
  scene.press('screen.findings', 'flow.block');
  expect(dialogOf(scene)).toMatchObject({
    scope: 'everything',
    policy: { spec: { to: { scope: 'All' } }, metadata: { namespace: 'shop' } },
  });
});

test('a finding fills in its suggestion and names itself as evidence', () => {
  const scene = onScanner();
  scene.feed([{ ...finding, suggestion: { action: 'throttle', rate: '5/m', paths: ['/orders/*'] } }]);
  scene.press('screen.findings', 'flow.throttle');
  const { policy } = dialogOf(scene);
  expect(policy.spec.match?.http.paths).toEqual(['/orders/*']);
  expect(policy.spec.action).toMatchObject({ throttle: { rate: '5/m' } });
  expect(JSON.stringify(policy.metadata.annotations)).toContain('bola-9c1d');
});

test('a change that changes nothing says what may be the reason', () => {
  const scene = stage(160, 50);
  scene.feed([...sceneFlows(590), { ...activePolicy, time: sceneFlows(1)[0]!.time }]);
  scene.press('filter.edit');
  scene.type('from:scanner');
  scene.press('filter.accept', 'flow.block');
  scene.preview();
  expect(scene.screen()).toMatch(/would flip[\s\S]*Nothing in it would have gone otherwise/);
});

test('an answer for a dialog that was left is still told', () => {
  const scene = onScanner();
  scene.press('flow.block');
  scene.preview();
  scene.press('dialog.apply', 'item.close');
  const tag = requests(scene).at(-1)?.tag ?? -1;
  scene.send({ type: 'refused', tag, error: { code: 'X', message: 'The folder is full.', hint: '' } });
  expect(told(scene)).toBe('The folder is full.');
});

test('on the graph the policy is for the whole edge, on the middle there is nothing to act on', () => {
  const scene = onScanner();
  scene.press('screen.graph', 'flow.block');
  expect(scene.state().dialogs).toEqual([]);
  expect(told(scene)).toMatch(/Move the cursor/);
  scene.press('move.left', 'move.down', 'flow.block');
  expect(dialogOf(scene)).toMatchObject({ scope: 'destination', flow: { source: { workload: 'scanner' } } });
});

test('X writes the policy to a file instead of applying it', () => {
  const scene = onScanner({ kind: 'replay' });
  scene.press('flow.export');
  const effect = scene.effects.at(-1);
  expect(effect?.type === 'export.write' && effect.text).toMatch(/kind: FlowPolicy[\s\S]*scanner/);
});
