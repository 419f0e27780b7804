// Certificates of the hub among themselves: renewed while streams are open, and two replicas of which one leads.
import { once } from 'node:events';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { KeptAuthority } from '../../../../src/core/trust/authority.ts';
import { hubNames } from '../../../../src/core/trust/trust-names.ts';
import { makeAuthority, makeLeaf } from '../../../../src/io/kube/trust/certificates.ts';
import { clientCertificate, named, openDoorLab } from '../../../helpers/door-samples.ts';
import { sampleEndpoint, sampleFlow } from '../../../helpers/sample-flow.ts';
import { until } from '../../../helpers/until.ts';

const root = '/apis/live.apidefense.dev/v1alpha1';
const watchShop = `${root}/namespaces/shop/flows?watch=true`;
const between = (id: string, from: string, to: string) =>
  sampleFlow({ id, source: sampleEndpoint('web', from), destination: sampleEndpoint('api', to) });

test('a renewed certificate is shown to the next connection, and streams that are open go on', async () => {
  const internal = await makeAuthority(Date.now());
  const make = () =>
    makeLeaf(
      internal,
      { commonName: 'apidefense-hub', dnsNames: hubNames('defense'), usages: ['server'] },
      Date.now(),
    );
  let leaf = await make();
  const lab = await openDoorLab({ leaf: () => leaf, ca: internal.certificate });
  lab.granted.add('ada flows shop');
  const serialShown = async (): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port: lab.door.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  };
  const seen = lab.stream(watchShop, { headers: named('ada') });
  await until('it is greeted', () => seen.frames.length > 0);
  const before = await serialShown();
  leaf = await make();
  lab.door.renew();
  expect(await serialShown()).not.toBe(before);
  seen.socket.send('{"type":"subscribe"}');
  lab.say(between('f1', 'shop', 'shop'));
  await until('it goes on', () => seen.events().length > 0);
});

describe('two replicas', () => {
  const headers = named('ada');

  test('show the same, since the one that does not lead carries to the one that does', async () => {
    const internal = await makeAuthority(Date.now());
    const bundle = (): string => internal.certificate;
    const replica = await makeLeaf(
      internal,
      { commonName: 'apidefense-hub', dnsNames: hubNames('defense'), usages: ['server', 'client'] },
      Date.now(),
    );
    const leader = await openDoorLab({
      leaf: () => replica,
      replicas: { bundle, leader: () => undefined },
    });
    const other = await openDoorLab({
      ...{ leaf: () => replica, feed: () => undefined, ca: internal.certificate },
      replicas: { bundle, leader: () => ({ host: '127.0.0.1', port: leader.door.port }) },
    });
    leader.granted.add('ada flows shop').add('ada bodies shop');
    leader.say(between('f1', 'shop', 'shop'));
    const seen = other.stream(watchShop, { headers });
    await until('it is greeted', () => seen.frames.length > 0);
    seen.socket.send('{"type":"subscribe"}');
    await until('it came', () => seen.events().length > 0);
    const path = `${root}/namespaces/shop/bodies/f1`;
    const ask = () => other.get(path, { shown: other.frontProxy, headers });
    expect(JSON.parse((await ask()).body)).toMatchObject({ kind: 'Body', metadata: { name: 'f1' } });
    leader.granted.clear();
    expect((await ask()).status).toBe(403);
    expect(leader.audit.map(({ user, by, decision }) => `${user} ${by} ${decision}`)).toEqual([
      ...['ada api-server allowed', 'ada api-server allowed', 'ada api-server forbidden'],
    ]);
    expect(leader.asked[0]).toEqual({ user: 'ada', groups: [], extra: {} });
    expect(other.asked).toEqual([]);
    await leader.door.close();
    expect((await ask()).status).toBe(503);
  });

  test('close though they carry a stream', async () => {
    const internal = await makeAuthority(Date.now());
    const bundle = (): string => internal.certificate;
    const request = { commonName: 'apidefense-hub', dnsNames: hubNames('defense') };
    const replica = await makeLeaf(internal, { ...request, usages: ['server', 'client'] }, Date.now());
    const leader = await openDoorLab({ leaf: () => replica, replicas: { bundle, leader: () => undefined } });
    const other = await openDoorLab({
      ...{ leaf: () => replica, feed: () => undefined, ca: internal.certificate },
      replicas: { bundle, leader: () => ({ host: '127.0.0.1', port: leader.door.port }) },
    });
    leader.granted.add('ada flows shop');
    const seen = other.stream(watchShop, { headers });
    await until('it is greeted', () => seen.frames.length > 0);
    await other.door.close();
    expect(await seen.end).toMatch(/^1006 /);
    await until('the leader has heard', () => leader.door.streams() === 0);
  });

  test('believe no other certificate that speaks for somebody, and carry once', async () => {
    const internal = await makeAuthority(Date.now());
    const person = Buffer.from(
      JSON.stringify({ person: { user: 'admin', groups: ['system:masters'], extra: {} }, by: 'api-server' }),
    ).toString('base64url');
    const lab = await openDoorLab({
      feed: () => undefined,
      replicas: { bundle: () => internal.certificate, leader: () => ({ host: '127.0.0.1', port: 1 }) },
    });
    const path = `${root}/namespaces/shop/bodies/f1`;
    const ask = async (by: KeptAuthority, name: string) =>
      lab.get(path, { shown: await clientCertificate(by, name), headers: { 'x-apidefense-person': person } });
    expect((await ask(lab.authorities.people, 'apidefense-hub')).status).toBe(401);
    expect((await ask(internal, 'somebody')).status).toBe(401);
    expect((await lab.get(path, { headers: { 'x-apidefense-person': person } })).status).toBe(401);
    const carried = await ask(internal, 'apidefense-hub');
    expect(carried).toMatchObject({ status: 503, body: expect.stringContaining('No replica') as string });
  });
});

test('what comes while the history is asked about is not lost', async () => {
  const gate = Promise.withResolvers<boolean>();
  let isAsked = false;
  const lab = await openDoorLab({
    access(_person, right, namespace) {
      if (right !== 'flows' || namespace !== 'bank')
        return Promise.resolve(right === 'flows' && namespace !== '');
      isAsked = true;
      return gate.promise;
    },
  });
  lab.say(between('f1', 'bank', 'shop'));
  const seen = lab.stream(watchShop, { headers: named('ada') });
  await until('it is asked about what there is', () => isAsked);
  lab.say(between('f2', 'new', 'shop'));
  gate.resolve(true);
  await until('it is greeted', () => seen.frames.length > 0);
  seen.socket.send('{"type":"subscribe"}');
  await until('both came', () => seen.events().length === 2);
  expect(seen.events().map((event) => 'id' in event && event.id)).toEqual(['f1', 'f2']);
});
