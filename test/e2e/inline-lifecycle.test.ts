// Pods that come and go while their callers' connections are open, in real namespaces: who drains, who is cut, and who carries on.
import { expect } from 'vitest';
import { heartbeatSet, inlinePortLimit } from '../../src/core/plan/node-constants.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { policyOn, startInlineLab, type Answer, type InlineLab } from './inline-lab.ts';
import { withholdAcks } from './late-openings.ts';

const inline = testUnless(noRules);
/** Longer than any of these tests may take. */
const everMs = 3_600_000;

const open = (lab: InlineLab, name: string, port = 8080): Promise<unknown> =>
  lab.caller.ask({ order: 'open', name, host: lab.pod.ipv4, port });
const write = (lab: InlineLab, name: string, path: string): Promise<unknown> =>
  lab.caller.ask({ order: 'write', name, text: `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n` });
const over = async (lab: InlineLab, name: string): Promise<{ text: string; error: string }> =>
  (await lab.caller.ask({ order: 'over', name })) as { text: string; error: string };
const askOn = async (lab: InlineLab, name: string): Promise<Answer> =>
  (await lab.caller.ask({ order: 'ask', name, host: lab.pod.ipv4, path: '/again' })) as Answer;
const heldAt = (lab: InlineLab, count: number): Promise<unknown> =>
  until(`${count} requests are held`, async () => (await lab.server.ask({ order: 'held' })) === count);

inline(
  'detaching lets a request under way finish, closes what is idle, and new callers pass by',
  async () => {
    await using lab = await startInlineLab();
    await open(lab, 'idle');
    expect((await askOn(lab, 'idle')).status).toBe(200);
    await open(lab, 'busy');
    await write(lab, 'busy', '/held');
    await heldAt(lab, 1);
    let gone = false;
    const detached = lab.handle.detach(everMs).then(() => void (gone = true));
    expect(await over(lab, 'idle')).toMatchObject({ error: '' });
    const { accepted } = lab.handle.stats();
    expect(await lab.get({ path: '/direct' })).toMatchObject({ status: 200 });
    expect(lab.handle.stats()).toMatchObject({ accepted });
    await until('only the busy one is left', () => lab.handle.stats().open === 1);
    expect(gone).toBe(false);
    await lab.server.ask({ order: 'release' });
    expect((await over(lab, 'busy')).text).toMatch(/^HTTP\/1\.1 200 /);
    await detached;
    expect(lab.handle.stats().open).toBe(0);
  },
);

inline('detaching with no time to spare cuts every connection of the pod', async () => {
  await using lab = await startInlineLab();
  for (const name of ['a', 'b']) {
    await open(lab, name);
    await write(lab, name, '/held');
  }
  await heldAt(lab, 2);
  await lab.handle.detach(0);
  for (const name of ['a', 'b'])
    expect(await over(lab, name)).toMatchObject({ text: '', error: 'ECONNRESET' });
  expect(lab.handle.stats().open).toBe(0);
});

inline('a patient detach can be made an impatient one', async () => {
  await using lab = await startInlineLab();
  await open(lab, 'busy');
  await write(lab, 'busy', '/held');
  await heldAt(lab, 1);
  const patient = lab.handle.detach(everMs);
  await Promise.all([lab.handle.detach(0), patient]);
  expect(await over(lab, 'busy')).toMatchObject({ error: 'ECONNRESET' });
});

inline('a pod that is taken over anew counts from zero, while the old connections drain', async () => {
  await using lab = await startInlineLab();
  await open(lab, 'busy');
  await write(lab, 'busy', '/held');
  await heldAt(lab, 1);
  const detached = lab.handle.detach(everMs);
  const again = await lab.attach();
  expect((await lab.get()).status).toBe(200);
  expect(again.stats()).toMatchObject({ accepted: 1 });
  expect(lab.handle.stats()).toMatchObject({ accepted: 1, open: 1 });
  await lab.server.ask({ order: 'release' });
  expect((await over(lab, 'busy')).text).toMatch(/^HTTP\/1\.1 200 /);
  await detached;
});

inline('a port that is let go drains, and its callers pass by; a port that is added is carried', async () => {
  await using lab = await startInlineLab({
    ports: [8080, 9090],
    ruled: [7070, 8080, 9090],
    serves: ['8080', '9090', '7070'],
  });
  await open(lab, 'stays');
  await open(lab, 'goes', 9090);
  expect((await askOn(lab, 'stays')).status).toBe(200);
  expect((await askOn(lab, 'goes')).status).toBe(200);
  await lab.handle.setPorts([8080, 7070], everMs);
  expect(await over(lab, 'goes')).toMatchObject({ error: '' });
  expect((await askOn(lab, 'stays')).status).toBe(200);
  const { accepted } = lab.handle.stats();
  expect((await lab.get({ port: 7070 })).status).toBe(200);
  expect(lab.handle.stats().accepted).toBe(accepted + 1);
  // Its element lapses two seconds after the last beat; until then it is still carried.
  await until('port 9090 passes by', async () => {
    const before = lab.handle.stats().accepted;
    return (await lab.get({ port: 9090 })).status === 200 && lab.handle.stats().accepted === before;
  });
});

inline('ports that are too many are refused with the number, and those before go on', async () => {
  await using lab = await startInlineLab();
  const many = Array.from({ length: inlinePortLimit + 1 }, (_, at) => 20_000 + at);
  await expect(lab.handle.setPorts(many, everMs)).rejects.toMatchObject({
    message: `The ports of pod shop/orders cannot be taken over: ${inlinePortLimit + 1} ports are to be inline in one namespace, which may have ${inlinePortLimit}.`,
  });
  const { accepted } = lab.handle.stats();
  expect((await lab.get()).status).toBe(200);
  expect(lab.handle.stats().accepted).toBe(accepted + 1);
});

inline(
  'stopping the plane resets nobody whose request is under way, and traffic goes on without it',
  async () => {
    await using lab = await startInlineLab();
    await open(lab, 'busy');
    await write(lab, 'busy', '/held');
    await heldAt(lab, 1);
    const stopped = lab.plane.stop(everMs);
    await lab.server.ask({ order: 'release' });
    expect((await over(lab, 'busy')).text).toMatch(/^HTTP\/1\.1 200 /);
    await stopped;
    expect((await lab.get()).status).toBe(200);
    await lab.handle.detach(0);
  },
);

inline('a pod that cannot be attached is refused with the reason, and nothing of it stays open', async () => {
  await using lab = await startInlineLab();
  await expect(lab.attach({ heartbeatSet: 'no-such-set' })).rejects.toMatchObject({
    message: expect.stringMatching(
      /^The ports of pod shop\/orders cannot be taken over: .*heartbeat/,
    ) as string,
  });
  expect((await lab.get()).status).toBe(200);
});

inline('a namespace that disappears under its connections leaves the worker running', async () => {
  await using lab = await startInlineLab();
  await open(lab, 'cut');
  expect((await askOn(lab, 'cut')).status).toBe(200);
  lab.server.child.kill('SIGKILL');
  lab.inside.child.kill('SIGKILL');
  lab.net.remove(lab.pod);
  await lab.handle.detach(0);
  expect(lab.plane.stats()).toMatchObject({ openConnections: 0, faults: 0 });
  expect(lab.faults).toEqual([]);
});

/** From the same port of the caller as before, whose connection our side closed: what it left of it stands in TIME_WAIT for a minute. */
async function callAgain(lab: InlineLab, host: string): Promise<Answer> {
  const { localPort } = (await lab.caller.ask({ order: 'open', name: 'first', host, port: 8080 })) as Answer;
  expect((await lab.caller.ask({ order: 'ask', name: 'first', host })) as Answer).toMatchObject({
    status: 200,
  });
  await lab.plane.stop(everMs);
  await over(lab, 'first');
  await lab.caller.ask({ order: 'end', name: 'first' });
  const left = (): string => lab.net.run(lab.pod, 'ss', ['-Htn', 'state', 'time-wait', 'sport', '8080']);
  await until('our side is in TIME_WAIT', () => left().includes(`:${localPort}`), 200);
  // The ports live on in the rules as in the two seconds after an agent was killed, but for longer than this test needs.
  const live = `element inet apidefense ${heartbeatSet(1)}`;
  lab.net.run(lab.pod, 'nft', [`add ${live} { 8080 timeout 60s }`]);
  await lab.server.ask({ order: 'clear' });
  return lab.get({ host, localPort });
}

for (const family of ['ipv4', 'ipv6'] as const) {
  inline(
    `failure Closed: an opening that meets what a dead agent left in TIME_WAIT is refused too, ${family}`,
    async () => {
      await using lab = await startInlineLab({ failure: 'Closed' });
      expect(await callAgain(lab, lab.pod[family])).toMatchObject({ status: 0, error: 'ECONNREFUSED' });
      expect(await lab.served()).toEqual([]);
    },
  );

  inline(`failure Open: such an opening passes, and is counted, ${family}`, async () => {
    await using lab = await startInlineLab();
    expect(await callAgain(lab, lab.pod[family])).toMatchObject({ status: 200, error: '' });
    const counter = lab.net.run(lab.pod, 'nft', ['list counter inet apidefense u/8080']);
    expect(counter).toContain('packets 1 ');
  });
}

/** The caller's end of a handshake that our listener has answered with a cookie, and of which the pod has heard no more than the SYN. */
async function openByCookie(lab: InlineLab, host: string): Promise<() => void> {
  lab.net.run(lab.pod, 'sysctl', ['-qw', 'net.ipv4.tcp_syncookies=2']);
  // Who has sent no cookie lately takes none: the application's listener sends one to our leg.
  expect((await lab.get({ host })).status).toBe(200);
  await lab.server.ask({ order: 'clear' });
  const release = withholdAcks(lab.net, lab.client, 8080);
  expect(await lab.caller.ask({ order: 'open', name: 'late', host, port: 8080 })).toMatchObject({
    error: '',
  });
  return release;
}
const askLate = async (lab: InlineLab, host: string, path: string): Promise<Answer> =>
  (await lab.caller.ask({ order: 'ask', name: 'late', host, path })) as Answer;

for (const family of ['ipv4', 'ipv6'] as const) {
  inline(`a handshake that a cookie answered ends at our listener, and is judged, ${family}`, async () => {
    const barred = policyOn('barred', { match: { http: { paths: ['/barred'] } } });
    await using lab = await startInlineLab({ policies: [barred] });
    const release = await openByCookie(lab, lab.pod[family]);
    const { accepted } = lab.handle.stats();
    release();
    expect((await askLate(lab, lab.pod[family], '/barred')).status).toBe(403);
    expect(lab.handle.stats().accepted).toBe(accepted + 1);
    expect(await lab.served()).toEqual([]);
  });

  inline(
    `failure Closed: a handshake that the agent answered with a cookie opens nothing once it is dead, ${family}`,
    async () => {
      await using lab = await startInlineLab({ failure: 'Closed' });
      const release = await openByCookie(lab, lab.pod[family]);
      await lab.plane.stop(everMs);
      release();
      expect(await askLate(lab, lab.pod[family], '/late')).toMatchObject({ status: 0, error: 'ECONNRESET' });
      expect(await lab.served()).toEqual([]);
      const counter = lab.net.run(lab.pod, 'nft', ['list counter inet apidefense c/shop/lab']);
      expect(counter).toContain('packets 1 ');
    },
  );
}
