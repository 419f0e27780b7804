// One feed of two sources: flows of the hub as they come, policies as the person's own watch has them, changes past the hub.
import { expect, test } from 'vitest';
import { AppError } from '../../../../src/core/model/app-error.ts';
import { policyName } from '../../../../src/core/model/brand.ts';
import type { ApiEvent } from '../../../../src/core/model/event.ts';
import type { FeedMessage, FeedPort } from '../../../../src/core/model/feed-port.ts';
import { policySchema } from '../../../../src/core/policy/schema.ts';
import type { StoredPolicy } from '../../../../src/core/policy/store.ts';
import { createClusterFeed } from '../../../../src/io/kube/live/cluster-feed.ts';
import type { KubePolicyStore } from '../../../../src/io/kube/policies/kube-policy-store.ts';
import type { ReflectorState } from '../../../../src/io/kube/watch/reflector.ts';
import { activePolicy } from '../../../tui/panes/scene.ts';
import { flow, hello, status } from '../../feed/feed-samples.ts';

const policy = policySchema.parse(activePolicy.object);
const name = policyName(activePolicy.name);
const entry: StoredPolicy = { type: 'valid', name, policy, file: `FlowPolicy ${name}`, uid: 'u1' };
const denied = new AppError({ code: 'KUBE_FORBIDDEN', family: 'denied', message: 'No.', hint: 'Ask.' });

/** A hub that says what the test says, and a store that holds what the test put there. */
function lab() {
  const held = { entries: [] as StoredPolicy[], covers: true, refusal: undefined as AppError | undefined };
  const asked: unknown[] = [];
  const told: FeedMessage[] = [];
  const listeners = new Set<() => void>();
  const hub: { say: (message: FeedMessage) => void } = { say: () => undefined };
  let onState: (state: ReflectorState) => void = () => undefined;
  const port: FeedPort = {
    kind: 'live',
    start(listener) {
      hub.say = listener;
    },
    request(operation) {
      asked.push({ hub: operation });
      return Promise.resolve(status);
    },
    close: () => Promise.resolve(void asked.push('hub closed')),
  };
  const did = (what: object) => {
    asked.push(what);
    return held.refusal === undefined ? Promise.resolve(what) : Promise.reject(held.refusal);
  };
  const store = {
    entries: () => held.entries,
    covers: () => held.covers,
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    apply: (object: unknown, how: object) => did({ apply: object, ...how }),
    remove: (one: string, how: object) => did({ remove: one, ...how }),
    undo: (how: object) => did({ undo: how }),
    close: () => Promise.resolve(void asked.push('store closed')),
  } as unknown as KubePolicyStore;
  const feed = createClusterFeed({
    hub: port,
    openStore(listener) {
      onState = listener;
      return store;
    },
    author: () => Promise.resolve('ann'),
    explained: (_policy, error) => Promise.resolve(Object.assign(new Error('explained'), { cause: error })),
    onClose: () => void asked.push('closed'),
    now: () => Date.parse('2026-11-30T10:00:00Z'),
  });
  feed.start((message) => told.push(message));
  return {
    ...{ feed, held, asked, told },
    say: (...events: ApiEvent[]) => hub.say({ type: 'batch', events, texts: events.map(({ type }) => type) }),
    hear: (message: FeedMessage) => hub.say(message),
    changed: () => listeners.forEach((listener) => listener()),
    setState: (state: ReflectorState) => onState(state),
    policies: () =>
      told
        .flatMap((message) => (message.type === 'batch' ? message.events : []))
        .flatMap((event) => (event.type === 'policy' ? [event] : [])),
  };
}

test('flows pass as they are, with their texts; the hub’s word that it takes no changes does not', () => {
  const { hear, say, told } = lab();
  hear({ type: 'hello', hello: { ...hello, writable: false } });
  say(flow(1), flow(2));
  expect(told).toEqual([
    { type: 'hello', hello: { ...hello, writable: true } },
    { type: 'batch', events: [flow(1), flow(2)], texts: ['flow', 'flow'] },
  ]);
});

test('a policy is what is written, with the counters that the hub tells; told once, until something is new', () => {
  const { held, changed, say, policies } = lab();
  held.entries = [entry];
  changed();
  expect(policies()).toMatchObject([{ name, state: 'active', cluster: { conditions: [] } }]);
  changed();
  expect(policies()).toHaveLength(1);
  say({ ...activePolicy, uid: 'u1', hits: 3 }, { ...activePolicy, uid: 'u1', hits: 3, time: 'later' });
  expect(policies().slice(1)).toMatchObject([{ hits: 3, cluster: { conditions: [] } }]);
  held.entries = [];
  changed();
  expect(policies().at(-1)).toMatchObject({ name, state: 'removed' });
});

test('a policy that the hub still tells of and that is no more is not shown; without the right to look the hub is believed', () => {
  const { held, say, policies, setState } = lab();
  say(activePolicy);
  expect(policies()).toEqual([]);
  held.covers = false;
  say({ ...activePolicy, hits: 13 });
  expect(policies()).toEqual([{ ...activePolicy, hits: 13 }]);
  // The first whole list has come: what is not in it does not exist.
  held.covers = true;
  setState({ synced: true });
  expect(policies().at(-1)).toMatchObject({ name, state: 'removed' });
});

test('changes go to the store with the person’s name, questions to the hub', async () => {
  const { feed, asked } = lab();
  await feed.request({ op: 'policy.apply', object: policy, dryRun: true });
  await feed.request({ op: 'policy.remove', name });
  await feed.request({ op: 'policy.undo', change: 'c1' });
  await feed.request({ op: 'status' });
  expect(asked).toEqual([
    { apply: policy, dryRun: true, author: 'ann' },
    { remove: name, author: 'ann' },
    { undo: { dryRun: false, change: 'c1' } },
    { hub: { op: 'status' } },
  ]);
  await feed.close();
  expect(asked.slice(4)).toEqual(['hub closed', 'store closed', 'closed']);
});

test('a refused write is told with everything that is missing', async () => {
  const { feed, held } = lab();
  held.refusal = denied;
  await expect(feed.request({ op: 'policy.apply', object: policy })).rejects.toMatchObject({
    ...{ message: 'explained', cause: denied },
  });
});

test('that policies cannot be read, and since when, is told beside the flows', () => {
  const { setState, told } = lab();
  setState({ synced: false, since: 7, problem: denied });
  setState({ synced: true });
  expect(told).toEqual([
    { type: 'policies', problem: { code: 'KUBE_FORBIDDEN', message: 'No.', hint: 'Ask.' }, sinceMs: 7 },
    { type: 'policies' },
  ]);
});
