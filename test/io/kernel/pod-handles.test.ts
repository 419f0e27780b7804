// Main's end of the pods of a worker: places, answers, and a worker that ends.
import { expect, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import { peerFromName } from '../../../src/core/model/identity.ts';
import { createPodHandles } from '../../../src/io/kernel/pod-handles.ts';
import {
  createStatsBuffer,
  serviceCounter,
  serviceSlot,
  viewStats,
} from '../../../src/io/kernel/shared-stats.ts';
import type { InlinePod, ToWorker } from '../../../src/io/kernel/worker-message.ts';

const pod = (name: string): InlinePod => ({
  pod: name,
  netnsFd: 9,
  listeningFds: [],
  listenPort: 1,
  mode: 'ct',
  mark: 1,
  loopback: { ipv4: '127.0.0.77', ipv6: '::1' },
  destination: peerFromName('orders', 'shop'),
  destinationPeer: 0,
  ports: [80],
});

function lab(places = 2) {
  const said: ToWorker[] = [];
  const beats: string[] = [];
  const counters = viewStats(createStatsBuffer(1 + places));
  const handles = createPodHandles({
    say: (message) => said.push(message),
    counters,
    firstPlace: 1,
    places,
    onBeatFailed: (name, error) => beats.push(`${name} ${error}`),
  });
  return { said, beats, counters, handles };
}

const words = { code: 'NO', family: 'denied', message: 'No.', hint: 'None.' } as const;

test('places begin behind the listeners, and one is given again only when its pod is gone', async () => {
  const { said, handles } = lab();
  const first = handles.attach(pod('a'));
  handles.hear({ type: 'attached', place: 1 });
  const detached = (await first).detach(5);
  const second = handles.attach(pod('b'));
  handles.hear({ type: 'attached', place: 2 });
  await second;
  await expect(handles.attach(pod('c'))).rejects.toMatchObject({ code: 'TOO_MANY_PODS' });
  handles.hear({ type: 'detached', place: 1 });
  await detached;
  void handles.attach(pod('d'));
  expect(said.map((message) => ('place' in message ? `${message.type} ${message.place}` : ''))).toEqual([
    'attach 1',
    'detach 1',
    'attach 2',
    'attach 1',
  ]);
});

test('a refused pod is refused with the worker’s sentence, and its place is free', async () => {
  const { said, handles } = lab(1);
  const refused = handles.attach(pod('a'));
  handles.hear({ type: 'attachFailed', place: 1, ...words });
  await expect(refused).rejects.toMatchObject(words);
  void handles.attach(pod('b'));
  expect(said).toHaveLength(2);
});

test('an order about ports waits for its own answer', async () => {
  const { handles } = lab();
  const attaching = handles.attach(pod('a'));
  handles.hear({ type: 'attached', place: 1 });
  const handle = await attaching;
  const done: number[] = [];
  const set = [1, 2].map((at) => handle.setPorts([at], 0).then(() => done.push(at)));
  handles.hear({ type: 'portsSet', place: 1 });
  await set[0];
  expect(done).toEqual([1]);
  handles.hear({ type: 'portsSet', place: 1 });
  await Promise.all(set);
});

test('ports that the worker cannot have are refused with its sentence, and the pod is still there for the next order', async () => {
  const { said, handles } = lab();
  const attaching = handles.attach(pod('a'));
  handles.hear({ type: 'attached', place: 1 });
  const handle = await attaching;
  const refused = handle.setPorts([1], 0);
  const next = handle.setPorts([2], 0);
  expect(said.at(-1)).toMatchObject({ type: 'ports', place: 1, pod: 'a', ports: [2] });
  handles.hear({ type: 'portsFailed', place: 1, ...words });
  await expect(refused).rejects.toMatchObject(words);
  handles.hear({ type: 'portsSet', place: 1 });
  await next;
});

test('counters are those of the place, and a failed heartbeat names the pod', async () => {
  const { handles, counters, beats } = lab();
  const attaching = handles.attach(pod('a'));
  handles.hear({ type: 'attached', place: 1 });
  const handle = await attaching;
  counters[serviceSlot(1, serviceCounter.refused)] = 3;
  expect(handle.stats()).toEqual({ open: 0, accepted: 0, refused: 3, errors: 0, portChanged: 0 });
  handles.hear({ type: 'beatFailed', place: 1, error: 2 });
  expect(beats).toEqual(['a 2']);
});

test('when the worker ends, nobody waits any longer', async () => {
  const { handles } = lab();
  const attaching = handles.attach(pod('a'));
  handles.hear({ type: 'attached', place: 1 });
  const handle = await attaching;
  const waiting = [handle.detach(1_000), handle.setPorts([1], 0)];
  const refused = handles.attach(pod('b'));
  handles.end(() => new AppError(words));
  await Promise.all(waiting);
  await expect(refused).rejects.toMatchObject(words);
  await expect(handles.attach(pod('c'))).rejects.toMatchObject(words);
  await handle.detach(0);
});
