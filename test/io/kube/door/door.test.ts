// The hub's door over real TLS: whom it believes, what it shows to whom, and what it does with those who mean no good.
import { once } from 'node:events';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { viewerLimits } from '../../../../src/io/feed/viewer-feed.ts';
import { makeAuthority } from '../../../../src/io/kube/trust/certificates.ts';
import { clientCertificate, named, openDoorLab } from '../../../helpers/door-samples.ts';
import { sampleEndpoint, sampleFlow } from '../../../helpers/sample-flow.ts';
import { until } from '../../../helpers/until.ts';

const root = '/apis/live.apidefense.dev/v1alpha1';
const watchShop = `${root}/namespaces/shop/flows?watch=true`;
const between = (id: string, from: string, to: string) =>
  sampleFlow({ id, source: sampleEndpoint('web', from), destination: sampleEndpoint('api', to) });

describe('who is believed', () => {
  test('the front proxy of the API server gets discovery, nobody else does', async () => {
    const { get, frontProxy } = await openDoorLab();
    const headers = named('system:kube-aggregator', 'system:masters');
    const found = await get(root, { shown: frontProxy, headers });
    expect(found.status).toBe(200);
    expect(JSON.parse(found.body)).toMatchObject({
      groupVersion: 'live.apidefense.dev/v1alpha1',
      resources: [
        { name: 'flows', verbs: ['watch'] },
        { name: 'findings' },
        { name: 'bodies', verbs: ['get'] },
      ],
    });
    for (const path of ['/apis', '/apis/live.apidefense.dev', '/openapi/v2', '/openapi/v3'])
      expect((await get(path, { shown: frontProxy, headers })).status).toBe(200);
    for (const path of [
      root,
      '/apis',
      '/openapi/v2',
      watchShop,
      `${root}/namespaces/shop/bodies/f1`,
      '/metrics',
    ])
      expect((await get(path)).status).toBe(401);
  });

  test('health is told to everybody, and says nothing else', async () => {
    let ready = false;
    const { get } = await openDoorLab({ isReady: () => ready });
    expect(await get('/livez')).toEqual({ status: 200, body: 'ok\n' });
    expect((await get('/readyz')).status).toBe(503);
    ready = true;
    expect((await get('/readyz')).status).toBe(200);
  });

  test('headers that name somebody are refused from anybody but the front proxy', async () => {
    const { get, stream, asked, authorities, granted } = await openDoorLab();
    granted.add('admin flows ');
    const headers = named('admin', 'system:masters');
    const strangers = [
      undefined,
      // Of the right authority under another name, of the authority of people, and of an authority of their own.
      await clientCertificate(authorities.frontProxy, 'somebody-else'),
      await clientCertificate(authorities.people, 'front-proxy-client'),
      await clientCertificate(await makeAuthority(Date.now()), 'front-proxy-client'),
    ];
    for (const shown of strangers) {
      const answer = await get(root, { headers, ...(shown === undefined ? {} : { shown }) });
      expect(answer.status).toBe(401);
      expect(answer.body).toMatch(/X-Remote headers, and only the front proxy/);
      const refused = stream(`${root}/flows?watch=true`, { headers, shown: shown ?? { cert: '', key: '' } });
      expect(await refused.end).toMatch(/^HTTP 401 /);
    }
    expect(asked).toEqual([]);
  });

  test('the front proxy without a name, and a serving certificate, are nobody', async () => {
    const { get, frontProxy } = await openDoorLab();
    expect((await get(root, { shown: frontProxy })).status).toBe(401);
  });

  test('a person with a certificate of the cluster is who it says, without any header', async () => {
    const { stream, granted, asked, audit, authorities } = await openDoorLab();
    granted.add('ada flows shop');
    const shown = await clientCertificate(authorities.people, 'ada');
    const seen = stream(watchShop, { shown });
    await until('it is greeted', () => seen.frames.length > 0);
    expect(asked[0]).toEqual({ user: 'ada', groups: ['system:authenticated'], extra: {} });
    expect(audit).toMatchObject([{ user: 'ada', verb: 'watch', namespace: 'shop', by: 'certificate' }]);
  });

  test('groups and extra reach the question whole', async () => {
    const { stream, frontProxy, asked } = await openDoorLab();
    const headers = { ...named('ada', 'one', 'two, three'), 'x-remote-extra-scopes%2fx': 'a' };
    await stream(watchShop, { shown: frontProxy, headers }).end;
    expect(asked[0]).toEqual({
      ...{ user: 'ada', groups: ['one', 'two, three'], extra: { 'scopes/x': ['a'] } },
    });
  });
});

describe('a stream', () => {
  const headers = named('ada');

  test('of one namespace holds that namespace alone, the other end reduced, without bodies', async () => {
    const lab = await openDoorLab();
    lab.granted.add('ada flows shop');
    const secret = { method: 'GET', host: 'h', path: '/a', route: '/a', bytes: 1, query: 'token=1' };
    const body = { body: { text: 'masked' }, headers: [['x-a', 'b']] as [string, string][] };
    lab.say(between('f1', 'bank', 'shop'), between('f2', 'bank', 'bank'));
    const seen = lab.stream(watchShop, { headers });
    await until('it is greeted', () => seen.frames.length > 0);
    expect(seen.frames[0]).toMatchObject({ type: 'hello', writable: false });
    seen.socket.send('{"type":"subscribe"}');
    lab.say({ ...between('f3', 'shop', 'bank'), request: { ...secret, ...body } });
    lab.say(between('f4', 'new', 'new'), between('f5', 'new', 'shop'));
    await until('all came', () => seen.events().length >= 3);
    const flows = seen.events().filter((event) => event.type === 'flow');
    expect(flows.map(({ id }) => id)).toEqual(['f1', 'f3', 'f5']);
    expect(flows[0]?.source).toEqual({
      ...{ workload: 'web', kind: 'Deployment', namespace: 'bank', principal: 'withheld', assurance: 'ip' },
    });
    expect(flows[1]?.request).toEqual({ method: 'GET', host: 'h', path: '/a', route: '/a', bytes: 1 });
    expect(JSON.stringify(seen.frames)).not.toMatch(/token=1|masked|sa:bank/);
  });

  test('of all namespaces takes the right in all of them, and never carries bodies either', async () => {
    const lab = await openDoorLab();
    lab.granted.add('ada flows shop');
    const refused = await lab.stream(`${root}/flows?watch=true`, { headers }).end;
    expect(refused).toMatch(/^HTTP 403 .*cannot watch resource \\"flows\\".* at the cluster scope/);
    for (const right of ['flows', 'findings', 'bodies']) lab.granted.add(`ada ${right} `);
    lab.say({
      ...between('f1', 'bank', 'shop'),
      response: { status: 200, bytes: 3, body: { text: 'masked' } },
    });
    const seen = lab.stream(`${root}/flows?watch=1`, { headers });
    await until('it is greeted', () => seen.frames.length > 0);
    seen.socket.send('{"type":"subscribe"}');
    await until('it came', () => seen.events().length > 0);
    expect(seen.events()).toMatchObject([{ id: 'f1', source: { principal: 'sa:bank/web' } }]);
    expect(JSON.stringify(seen.frames)).not.toContain('masked');
  });

  test('is closed with a sentence when the right is lost', async () => {
    const lab = await openDoorLab({ limits: { viewer: { ...viewerLimits, refreshMs: 20 } } });
    lab.granted.add('ada flows shop');
    const seen = lab.stream(watchShop, { headers });
    await until('it is greeted', () => seen.frames.length > 0);
    lab.granted.clear();
    expect(await seen.end).toBe('4403 You may no longer watch flows in namespace shop.');
    await until('nothing is kept of it', () => lab.door.streams() === 0);
  });

  test('waits with an event until it is known whether its namespace may be seen, and keeps the order', async () => {
    const answers = new Map<string, PromiseWithResolvers<boolean>>();
    const lab = await openDoorLab({
      access(_person, right, namespace) {
        if (right !== 'flows' || namespace !== 'late')
          return Promise.resolve(right === 'flows' && namespace === 'shop');
        const answer = Promise.withResolvers<boolean>();
        answers.set(namespace, answer);
        return answer.promise;
      },
    });
    const seen = lab.stream(watchShop, { headers });
    await until('it is greeted', () => seen.frames.length > 0);
    lab.say(between('f1', 'shop', 'shop'), between('f2', 'late', 'shop'), between('f3', 'shop', 'shop'));
    seen.socket.send('{"type":"subscribe"}');
    lab.say(between('f4', 'shop', 'shop'));
    const ids = () => seen.events().map((event) => 'id' in event && event.id);
    // What can be judged is history; what comes now waits its turn.
    await until('the known came', () => ids().length === 3);
    lab.say(between('f5', 'shop', 'shop'));
    answers.get('late')?.resolve(true);
    await until('the rest came', () => ids().length === 5);
    expect(ids()).toEqual(['f1', 'f3', 'f4', 'f2', 'f5']);
    expect(seen.events()[3]).toMatchObject({ source: { principal: 'sa:late/web' } });
  });

  test('writes nothing and tells sums of what was shown alone', async () => {
    const lab = await openDoorLab();
    lab.granted.add('ada flows shop');
    const seen = lab.stream(watchShop, { headers });
    await until('it is greeted', () => seen.frames.length > 0);
    const ask = (id: number, operation: unknown) =>
      seen.socket.send(JSON.stringify({ type: 'request', id, operation }));
    ask(1, { op: 'policy.remove', name: 'shop/p' });
    ask(2, { op: 'status' });
    await until('both are answered', () => seen.frames.length === 3);
    expect(seen.frames[1]).toMatchObject({
      type: 'refusal',
      id: 1,
      error: { code: 'HUB_READ_ONLY', family: 'denied' },
    });
    expect(seen.frames[2]).toMatchObject({
      result: { requests: 0, openConnections: 2, openByPair: { 'shop/a/b>bank/c/d': 2 } },
    });
  });

  test('how the nodes stand is told to who may see the whole cluster, and to nobody else', async () => {
    const lab = await openDoorLab();
    lab.granted.add('ada flows shop').add('eve flows ');
    const ask = async (path: string, user: string) => {
      const seen = lab.stream(path, { headers: named(user) });
      await until('it is greeted', () => seen.frames.length > 0);
      seen.socket.send(JSON.stringify({ type: 'request', id: 1, operation: { op: 'nodes' } }));
      await until('it is answered', () => seen.frames.length === 2);
      return seen.frames[1];
    };
    expect(await ask(`${root}/flows?watch=true`, 'eve')).toMatchObject({
      result: { nodes: [{ node: 'n1', silent: false }] },
    });
    expect(await ask(watchShop, 'ada')).toMatchObject({
      error: { code: 'NODES_OF_CLUSTER', family: 'denied' },
    });
    // Of one namespace nothing of the whole is told, whoever asks.
    expect(await ask(watchShop, 'eve')).toMatchObject({ error: { code: 'NODES_OF_CLUSTER' } });
  });

  test('is only had from the replica that leads, and ends when it leads no more', async () => {
    let leads = false;
    const hub = await openDoorLab();
    const lab = await openDoorLab({ feed: () => (leads ? hub.feed : undefined) });
    lab.granted.add('ada flows shop');
    expect(await lab.stream(watchShop, { headers }).end).toMatch(/^HTTP 503 .*No replica of the hub leads/);
    leads = true;
    const seen = lab.stream(watchShop, { headers });
    await until('it is greeted', () => seen.frames.length > 0);
    lab.door.endStreams('Another replica leads now.');
    expect(await seen.end).toBe('1001 Another replica leads now.');
  });
});

describe('a body', () => {
  const headers = named('ada');

  test('is shown to who may see bodies at both ends, and every try is a line of the audit log', async () => {
    const lab = await openDoorLab();
    const { get, frontProxy: shown, granted, audit } = lab;
    lab.say({
      ...between('f1', 'bank', 'shop'),
      response: { status: 200, bytes: 3, body: { text: 'masked' } },
    });
    const ask = (path: string) => get(`${root}/namespaces/${path}`, { shown, headers });
    // A viewer: sees the flow, and not its body; whether there is one is not told either.
    granted.add('ada flows shop');
    for (const id of ['f1', 'none'])
      expect(await ask(`shop/bodies/${id}`)).toMatchObject({
        status: 403,
        body: expect.stringContaining('bodies') as string,
      });
    granted.add('ada bodies shop');
    expect((await ask('shop/bodies/f1')).body).toContain('in the namespace \\"bank\\"');
    expect((await ask('shop/bodies/none')).status).toBe(404);
    granted.add('ada bodies bank').add('ada bodies other');
    expect((await ask('other/bodies/f1')).status).toBe(404);
    const found = await ask('shop/bodies/f1');
    expect(JSON.parse(found.body)).toMatchObject({
      ...{
        kind: 'Body',
        metadata: { name: 'f1', namespace: 'shop' },
        response: { body: { text: 'masked' } },
      },
    });
    expect(audit.map(({ namespace, name, decision }) => `${namespace}/${name ?? ''} ${decision}`)).toEqual([
      ...['shop/f1 forbidden', 'shop/none forbidden', 'shop/f1 forbidden', 'shop/none gone', 'other/f1 gone'],
      'shop/f1 allowed',
    ]);
    expect(new Set(audit.map(({ user, by }) => `${user} ${by}`))).toEqual(new Set(['ada api-server']));
  });
});

describe('those who mean no good', () => {
  const headers = named('ada');

  test('get no stream from a web page, by another method, without watch, or at a strange path', async () => {
    const { stream, get, frontProxy: shown, granted, asked } = await openDoorLab();
    granted.add('ada flows shop');
    const origin = { ...headers, origin: 'https://evil.example' };
    expect(await stream(watchShop, { headers: origin }).end).toMatch(/^HTTP 403 .*web pages/);
    for (const path of [
      ...[`${root}/namespaces/shop/flows`, `${root}/namespaces/shop/flows?watch=true&watch=false`],
      ...[`${root}/namespaces/sh%2fop/flows?watch=true`],
      ...[`${root}/namespaces/%ff/flows?watch=true`, `/${'a'.repeat(2_000)}?watch=true`, '/feed'],
    ])
      expect(await stream(path, { headers }).end).toMatch(/^HTTP 40[04] /);
    expect((await get(watchShop, { shown, headers, method: 'POST' })).status).toBe(405);
    expect((await get(watchShop, { shown, headers })).status).toBe(400);
    expect(asked).toEqual([]);
  });

  test('get so many streams and no more, and places are given back', async () => {
    const { stream, granted } = await openDoorLab({ limits: { streamsPerPerson: 2, streams: 3 } });
    for (const user of ['ada', 'bob', 'eve']) granted.add(`${user} flows shop`);
    const one = stream(watchShop, { headers });
    const two = stream(watchShop, { headers });
    await until('both are greeted', () => one.frames.length > 0 && two.frames.length > 0);
    expect(await stream(watchShop, { headers }).end).toMatch(/^HTTP 429 .*You have 2 streams/);
    const bob = stream(watchShop, { headers: named('bob') });
    await until('bob is greeted', () => bob.frames.length > 0);
    expect(await stream(watchShop, { headers: named('eve') }).end).toMatch(/^HTTP 429 .*as many streams/);
    one.socket.close();
    await until('there is a place again', async () => {
      const again = stream(watchShop, { headers });
      const answer = await Promise.race([
        again.end,
        until('greeted', () => again.frames.length > 0 && 'greeted'),
      ]);
      return answer === 'greeted';
    });
  });

  test('are cut by frames that are too long or make no sense, and by heads without an end', async () => {
    const {
      stream,
      granted,
      door,
      get,
      frontProxy: shown,
    } = await openDoorLab({ limits: { handshakeMs: 2_000 } });
    granted.add('ada flows shop');
    const long = stream(watchShop, { headers });
    await until('it is greeted', () => long.frames.length > 0);
    long.socket.send('x'.repeat(viewerLimits.clientFrameBytes + 1));
    expect(await long.end).toMatch(/^1009 /);
    const odd = stream(watchShop, { headers });
    await until('it is greeted', () => odd.frames.length > 0);
    for (let tries = 0; tries < 4; tries += 1) odd.socket.send('nonsense');
    expect(await odd.end).toMatch(/^1008 /);
    const huge = get(root, { shown, headers: { ...headers, 'x-remote-extra-a': 'x'.repeat(70 * 1024) } });
    // The answer may be lost where the other side still writes.
    expect(
      await huge.then(
        (answer) => answer.status,
        () => 431,
      ),
    ).toBe(431);
    const slow = connect({ host: '127.0.0.1', port: door.port, rejectUnauthorized: false });
    await once(slow, 'secureConnect');
    slow.on('error', () => undefined).resume();
    slow.write('GET /apis HTTP/1.1\r\nhost: x\r\n');
    await once(slow, 'close');
    expect((await get('/livez')).status).toBe(200);
  });
});
