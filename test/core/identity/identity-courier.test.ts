// Who is who on its way to one agent: one update at a time, by what the agent says it has.
import { expect, test } from 'vitest';
import { createIdentityCourier } from '../../../src/core/identity/identity-courier.ts';
import type { EntryChange } from '../../../src/core/identity/identity-entry.ts';
import { createIdentityMirror } from '../../../src/core/identity/identity-mirror.ts';
import { createIdentityPublisher } from '../../../src/core/identity/identity-publisher.ts';

const node = (name: string): EntryChange => ({
  key: `node:${name}`,
  entry: { type: 'node', name, addresses: [], hasAgent: true },
});

/** A publisher, an agent's copy, and frames that wait on their way. */
function road() {
  const publisher = createIdentityPublisher('h1');
  const mirror = createIdentityMirror();
  const sent: Uint8Array[] = [];
  const stuck: string[] = [];
  let isReady = true;
  const courier = createIdentityCourier({
    ...{ publisher, isReady: () => isReady },
    send: (frame) => void sent.push(frame),
    onStuck: () => void stuck.push('stuck'),
  });
  return {
    ...{ publisher, mirror, courier, sent, stuck },
    setReady: (value: boolean) => (isReady = value),
    /** The agent takes what is on its way and answers each frame. */
    arrive: (): void => {
      for (const frame of sent.splice(0)) {
        const { type } = mirror.receive(frame);
        courier.heard(type === 'applied' || type === 'known' ? mirror.hash() : undefined);
      }
    },
  };
}

test('nothing is sent before the agent has said what it has, then the whole, then differences', () => {
  const { publisher, courier, sent, mirror, arrive } = road();
  publisher.apply([node('n1')]);
  courier.changed();
  expect(sent).toHaveLength(0);
  courier.heard(undefined);
  expect(sent).toHaveLength(1);
  arrive();
  expect(mirror.hash()).toBe(publisher.hash());
  publisher.apply([node('n2')]);
  courier.changed();
  arrive();
  expect(mirror.hash()).toBe(publisher.hash());
  expect(courier.known()).toBe(publisher.hash());
});

test('while an update is on its way no other one is sent, and what changed meanwhile follows', () => {
  const { publisher, courier, sent, mirror, arrive } = road();
  publisher.apply([node('n1')]);
  courier.heard(undefined);
  for (const name of ['n2', 'n3', 'n4']) {
    publisher.apply([node(name)]);
    courier.changed();
  }
  expect(sent).toHaveLength(1);
  arrive();
  expect(sent).toHaveLength(3);
  arrive();
  expect(mirror.hash()).toBe(publisher.hash());
  expect(sent).toHaveLength(0);
});

test('an agent that has the content of another replica is sent nothing', () => {
  const [one, other] = [road(), road()];
  for (const { publisher } of [one, other]) publisher.apply([node('n1')]);
  one.courier.heard(undefined);
  one.arrive();
  other.courier.heard(one.mirror.hash());
  expect(other.sent).toHaveLength(0);
});

test('before the cluster has been read nothing is sent', () => {
  const { publisher, courier, sent, setReady } = road();
  setReady(false);
  publisher.apply([node('n1')]);
  courier.heard(undefined);
  expect(sent).toHaveLength(0);
  setReady(true);
  courier.changed();
  expect(sent).toHaveLength(1);
});

test('an agent that takes nothing of three wholes is given up', () => {
  const { publisher, courier, sent, stuck } = road();
  publisher.apply([node('n1')]);
  for (let time = 0; time < 4; time += 1) courier.heard(undefined);
  expect(sent).toHaveLength(3);
  expect(stuck).toEqual(['stuck']);
});
