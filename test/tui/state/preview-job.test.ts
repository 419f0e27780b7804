// A preview over a whole recording: all of it is judged whatever the terminal holds, a slice at a time, and reading can be stopped.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { draftPolicy } from '../../../src/core/policy/draft.ts';
import type { PreviewResult } from '../../../src/core/policy/preview.ts';
import { openReplay } from '../../../src/io/recording/replay-feed.ts';
import { createPreviewJob } from '../../../src/tui/state/preview-job.ts';
import type { PreviewJob, PreviewSource } from '../../../src/tui/state/preview-job.ts';
import { createSession } from '../../../src/tui/state/session.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

function jobOver(source: PreviewSource, flow: FlowEvent): PreviewJob {
  const nowMs = millis(Date.parse(flow.time));
  const policy = draftPolicy({ action: 'Block', flow, nowMs, suffix: '7f3a', scope: 'destination' });
  return createPreviewJob({
    session: createSession(),
    change: { type: 'add', policy },
    focusCaller: undefined,
    status: undefined,
    nowMs,
    source,
  });
}

async function finish(job: PreviewJob, limit: number): Promise<PreviewResult> {
  for (let turn = 0; turn < 100_000; turn++) {
    const { result, wait } = job.step(limit);
    if (result) return result;
    await wait;
  }
  throw new Error('it never ended');
}

test('the whole recording is judged while the session holds nothing', async () => {
  const path = join(import.meta.dirname, '../../../recordings/shop-under-attack.adr');
  const feed = await openReplay(path, { paused: true });
  let total = 0;
  feed.start((message) => {
    if (message.type === 'position') total = message.position.outline?.flows ?? 0;
  });
  await feed.settled();
  const all: FlowEvent[] = [];
  for await (const events of feed.replay.history())
    all.push(...events.filter((event) => event.type === 'flow'));
  const scanned = all.filter((flow) => flow.source.workload === 'scanner');
  const first = scanned[0]!;
  const hit = scanned.filter((flow) => flow.destination.workload === first.destination.workload);
  const job = jobOver({ events: feed.replay.history(), total }, first);
  expect(job.total).toBe(all.length);
  const result = await finish(job, 100);
  expect(result).toMatchObject({ total: all.length, flips: hit.length, othersSuccessFlips: 0 });
  expect(result.windowStart).toBe(all.map((flow) => flow.time).toSorted()[0]);
  await feed.close();
});

async function* endless(log: string[]): AsyncGenerator<readonly FlowEvent[]> {
  try {
    for (;;) {
      log.push('read');
      yield await Promise.resolve(Array.from({ length: 5 }, () => sampleFlow()));
    }
  } finally {
    log.push('closed');
  }
}

test('no more is read than is judged, and stopping ends the reading', async () => {
  const log: string[] = [];
  const job = jobOver({ events: endless(log), total: 0 }, sampleFlow());
  await job.step(3).wait;
  expect([job.step(3).done, job.step(1).done]).toEqual([3, 4]);
  expect(log).toEqual(['read']);
  await job.step(3).wait;
  expect(log).toEqual(['read', 'read']);
  job.stop?.();
  await expect.poll(() => log).toEqual(['read', 'read', 'closed']);
});

test('a source that breaks is told as a sentence of ours', async () => {
  // eslint-disable-next-line @typescript-eslint/require-await -- the failure is the point
  async function* broken(): AsyncGenerator<readonly FlowEvent[]> {
    yield [sampleFlow()];
    throw new Error('EIO: i/o error');
  }
  const job = jobOver({ events: broken(), total: 1 }, sampleFlow());
  await expect(finish(job, 10)).rejects.toMatchObject({
    code: 'PREVIEW_UNREADABLE',
    message: 'The recording cannot be read: EIO: i/o error.',
  });
});
