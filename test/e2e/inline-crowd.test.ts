// Many connections at once from one address, in real namespaces.
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { noRules } from '../helpers/netns-lab.ts';
import { lacking, testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { startInlineLab, type InlineLab } from './inline-lab.ts';

const inline = testUnless(noRules);

interface Crowd {
  /** Answers by status, or by the error instead of one. */
  readonly tally: Readonly<Record<string, number>>;
  /** Answers in which the server named the caller's own port. */
  readonly portsKept: number;
}

const crowd = async (lab: InlineLab, count: number, host = lab.pod.ipv4): Promise<Crowd> =>
  (await lab.caller.ask({ order: 'crowd', name: 'crowd', count, host, port: 8080, path: '/x' })) as Crowd;

/** Soft limit of open files: each connection takes two of the worker's. */
function openFiles(): number {
  const limits = process.platform === 'linux' ? readFileSync('/proc/self/limits', 'latin1') : '';
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0);
}

inline(
  '500 connections from one address are carried at once, each with its own port, in both families',
  async () => {
    await using lab = await startInlineLab();
    for (const host of [lab.pod.ipv4, lab.pod.ipv6]) {
      expect(await crowd(lab, 500, host)).toEqual({ tally: { 200: 500 }, portsKept: 500 });
      expect(lab.handle.stats().open).toBe(500);
      await lab.caller.ask({ order: 'disperse', name: 'crowd' });
      await until('all are gone', () => lab.handle.stats().open === 0);
    }
    expect(lab.handle.stats()).toMatchObject({ accepted: 1000, refused: 0, errors: 0, portChanged: 0 });
  },
);

inline('the mode without marks keeps the address but not the port, for 500 at once', async () => {
  await using lab = await startInlineLab({ mode: 'ct' });
  expect(await crowd(lab, 500)).toEqual({ tally: { 200: 500 }, portsKept: 0 });
  const served = await lab.served();
  expect(new Set(served.map(({ address, at }) => `${address} ${at}`))).toEqual(
    new Set([`${lab.client.ipv4} ${lab.pod.ipv4}`]),
  );
  // Outside what Linux gives to clients, so that none of theirs can be the same.
  expect(served.filter(({ port }) => port >= 32_768 && port <= 60_999)).toEqual([]);
  expect(lab.handle.stats()).toMatchObject({ accepted: 500, errors: 0, portChanged: 500 });
  expect((await lab.get({ host: lab.pod.ipv6 })).status).toBe(200);
});

testUnless(noRules || lacking(openFiles() >= 12_000, 'fewer than 12,000 files may be open'))(
  '5,000 connections from one address are carried at once, and a change of policies judges all of them',
  async () => {
    await using lab = await startInlineLab();
    expect(await crowd(lab, 5_000)).toEqual({ tally: { 200: 5_000 }, portsKept: 5_000 });
    expect(lab.handle.stats()).toMatchObject({ open: 5_000, refused: 0, errors: 0 });
    lab.setPolicies([]);
    await until('all are judged again', () => lab.plane.stats().rejudged >= 5_000);
    expect(
      await lab.caller.ask({ order: 'crowdAsk', name: 'crowd', host: lab.pod.ipv4, path: '/y' }),
    ).toEqual({
      tally: { 200: 5_000 },
      portsKept: 5_000,
    });
    await lab.handle.detach(0);
    expect(lab.handle.stats().open).toBe(0);
    expect(lab.faults).toEqual([]);
  },
);

inline(
  'a flood of slow connections from one address takes its share: other callers and other ports are served, and it is counted',
  async () => {
    const ports = [8080, 8081];
    await using lab = await startInlineLab({
      ...{ ports, serves: ports.map(String), limits: { openConnections: 90 } },
    });
    const other = lab.net.start(lab.other, 'inline-client.mjs');
    await other.ask({ order: 'ready' });
    await lab.caller.ask({ order: 'flood', name: 'flood', count: 300, host: lab.pod.ipv4, port: 8080 });
    await until('all are judged', () => lab.plane.stats().accepted + lab.plane.stats().refused === 300);
    expect(lab.plane.stats()).toMatchObject({ openConnections: 60, refusedShare: 240, refusedFull: 0 });
    await until('the refused know', async () => {
      return (await lab.caller.ask({ order: 'staying', name: 'flood' })) === 60;
    });
    for (const host of [lab.pod.ipv4, lab.pod.ipv6])
      for (const port of ports)
        for (let times = 0; times < 20; times++)
          expect(await other.ask({ order: 'get', host, port })).toMatchObject({ status: 200, error: '' });
    expect(lab.plane.stats()).toMatchObject({ refused: 240, faults: 0 });
    // Whoever has its share is refused at every port, and served again once it lets go.
    expect(await lab.get({ port: 8081 })).toMatchObject({ status: 0 });
    await lab.caller.ask({ order: 'disperse', name: 'flood' });
    await until('all are gone', () => lab.plane.stats().openConnections === 0);
    expect((await lab.get({ port: 8081 })).status).toBe(200);
    expect(lab.faults).toEqual([]);
  },
);
