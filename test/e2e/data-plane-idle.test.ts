// Ten thousand idle connections (or what the hard limit of open files allows) in a process of their own: their cost in memory and in work.
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { z } from 'zod';
import { lacking, testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { startHost } from '../io/kernel/host-process.ts';

/** Two descriptors a connection, and some for Node. */
const hardLimit = Number.parseInt(execFileSync('bash', ['-c', 'ulimit -Hn']).toString(), 10) || Infinity;
const connections = Math.min(10_000, Math.floor((hardLimit - 200) / 2));
const openFiles = 2 * connections + 200;

/** What fixtures/crowd.ts prints. */
const crowdAnswer = z.object({ port: z.number().optional(), connected: z.number().optional() });

testUnless(lacking(connections >= 1_000, `the hard limit of open files is ${hardLimit}`))(
  `${connections} idle connections are cheap`,
  async () => {
    const script = join(import.meta.dirname, '..', 'io', 'kernel', 'fixtures', 'crowd.ts');
    const crowd = spawn('bash', [
      '-c',
      `ulimit -n ${openFiles} && exec ${process.execPath} --no-warnings ${script} ${connections}`,
    ]);
    const lines = createInterface({ input: crowd.stdout })[Symbol.asyncIterator]();
    const answer = async (): Promise<z.infer<typeof crowdAnswer>> =>
      crowdAnswer.parse(JSON.parse((await lines.next()).value ?? ''));
    const { port = 0 } = await answer();
    await using host = await startHost(port, openFiles);
    const before = await host.ask('memory');
    crowd.stdin.write(`${host.port}\n`);
    expect(await answer()).toEqual({ connected: connections });
    const after = await host.ask('memory');
    expect(after.openConnections).toBe(connections);
    const each = ((after.rss ?? 0) - (before.rss ?? 0)) / connections;
    console.log(`resident memory per idle connection: ${Math.round(each)} bytes`);
    expect(each).toBeLessThan(8 * 1024);
    // Idle means idle: the loop wakes four times a second, whatever the number of connections and however long the second took.
    const passes = after.passes ?? 0;
    const askedAt = performance.now();
    const later = await host.ask('after 1000');
    const seconds = (performance.now() - askedAt) / 1000;
    expect((later.passes ?? 0) - passes).toBeLessThan(15 + 5 * seconds);
    crowd.stdin.end();
    await new Promise((resolve) => crowd.once('exit', resolve));
    await until('no connection left', async () => (await host.ask('stats')).openConnections === 0);
  },
);
