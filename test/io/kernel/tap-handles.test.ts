// Main's end of the tapped pods: numbers, answers, rings that take another's place, and a worker that ends.
import { existsSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import { createTapHandles } from '../../../src/io/kernel/tap-handles.ts';
import type { TapOrder, TapPod } from '../../../src/io/kernel/worker-message.ts';
import type { TapReport } from '../../../src/io/kernel/tap/tap-report.ts';

const scope = { addresses: ['10.0.0.3'], ports: [80], reports: 'both' } as const;
const pod = (name: string, fd = 9): TapPod => ({
  ...{ pod: name.split(' ')[0] ?? '', interfaceName: name.split(' ')[1] ?? '', fd, scope },
  geometry: { blockBytes: 131_072, blockCount: 2, retireMs: 100 },
});
const words = { code: 'NO', family: 'denied', message: 'No.', hint: 'None.' } as const;

function lab() {
  const said: string[] = [];
  const reports: TapReport[] = [];
  const handles = createTapHandles({
    say: (order: TapOrder) => said.push('tap' in order ? `${order.type} ${order.tap}` : order.type),
    onReport: (report) => reports.push(report),
  });
  const tap = async (name: string, number: number) => {
    const tapping = handles.tap(pod(name));
    handles.hear({ type: 'tapped', tap: number });
    return await tapping;
  };
  return { said, reports, handles, tap };
}

test('orders go by the tap’s number, and untap waits for its answer', async () => {
  const { said, handles, tap } = lab();
  const handle = await tap('a', 1);
  handle.setScope(scope);
  let done = false;
  const untapping = handle.untap().then(() => (done = true));
  expect(done).toBe(false);
  handles.hear({ type: 'untapped', tap: 1 });
  await untapping;
  await handle.untap();
  handle.setScope(scope);
  expect(said).toEqual(['tap 1', 'tapScope 1', 'untap 1']);
});

test('who asks for another filter waits for its answer, in order, and no longer than there is a tap', async () => {
  const { said, handles, tap } = lab();
  const handle = await tap('a', 1);
  const done: number[] = [];
  const asked = [1, 2, 3].map((ports) =>
    handle.setCarried({ ports: [ports], ipv6: true }).then(() => done.push(ports)),
  );
  handles.hear({ type: 'tapFiltered', tap: 1 });
  await asked[0];
  expect(done).toEqual([1]);
  handles.hear({ type: 'untapped', tap: 1 });
  await Promise.all(asked);
  await handle.setCarried({ ports: [], ipv6: true });
  expect(said).toEqual(['tap 1', 'tapCarried 1', 'tapCarried 1', 'tapCarried 1']);
});

test('a ring that is replaced, and a worker that ends, keep nobody waiting for a filter', async () => {
  const { handles, tap } = lab();
  const first = await tap('a', 1);
  const replaced = first.setCarried({ ports: [1], ipv6: true });
  const second = await tap('a', 2);
  await replaced;
  const ended = second.setCarried({ ports: [1], ipv6: true });
  handles.end(() => new AppError(words));
  await ended;
});

test('a ring on another interface of the pod is beside the first, not in its place', async () => {
  const { said, tap } = lab();
  const first = await tap('a eth0', 1);
  const second = await tap('a net1', 2);
  first.setScope(scope);
  second.setScope(scope);
  await tap('a net1', 3);
  second.setScope(scope);
  first.setScope(scope);
  expect(said.slice(2)).toEqual(['tapScope 1', 'tapScope 2', 'tap 3', 'tapScope 1']);
});

test('once another ring is in its place, a handle does nothing any more', async () => {
  const { said, tap } = lab();
  const first = await tap('a', 1);
  await tap('b', 2);
  const second = await tap('a', 3);
  first.setScope(scope);
  await first.untap();
  second.setScope(scope);
  expect(said).toEqual(['tap 1', 'tap 2', 'tap 3', 'tapScope 3']);
});

test('a refused ring leaves the one before in its place', async () => {
  const { said, handles, tap } = lab();
  const first = await tap('a', 1);
  const refused = handles.tap(pod('a'));
  handles.hear({ type: 'tapFailed', tap: 2, ...words });
  await expect(refused).rejects.toMatchObject(words);
  first.setScope(scope);
  expect(said.at(-1)).toBe('tapScope 1');
});

test('a report is answered, so that the next may come', () => {
  const { said, reports, handles } = lab();
  const untold = { gap: 0, attempt: 0, conflict: 0, evicted: 0, lost: 0, gone: 0, widened: 0, names: 0 };
  handles.hear({ type: 'tapReport', report: { items: [], untold } });
  expect([said, reports]).toEqual([['tapHeard'], [{ items: [], untold }]]);
});

test('when the worker ends, nobody waits any longer, and a ring that comes too late is closed', async () => {
  const { handles, tap } = lab();
  const handle = await tap('a', 1);
  const untapping = handle.untap();
  const refused = handles.tap(pod('b'));
  handles.end(() => new AppError(words));
  await untapping;
  await expect(refused).rejects.toMatchObject(words);
  const fd = openSync('/dev/null', 'r');
  await expect(handles.tap(pod('c', fd))).rejects.toMatchObject(words);
  expect(existsSync(`/proc/self/fd/${fd}`)).toBe(false);
});
