// Who is who as it crosses to agents: snapshot and deltas come to the same as the whole, what is missing is noticed, what is hostile is
// refused, and the bytes are few.
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClusterIdentity } from '../../../src/core/identity/cluster-identity.ts';
import type { ClusterChange } from '../../../src/core/identity/cluster-objects.ts';
import { decodeFrame } from '../../../src/core/identity/decode-frame.ts';
import { encodeFrame } from '../../../src/core/identity/encode-frame.ts';
import { entryKey, type IdentityEntry, type PodEntry } from '../../../src/core/identity/identity-entry.ts';
import type { IdentityFrame } from '../../../src/core/identity/identity-frame.ts';
import { createIdentityMirror, type IdentityMirror } from '../../../src/core/identity/identity-mirror.ts';
import { createIdentityPublisher } from '../../../src/core/identity/identity-publisher.ts';
import { anyChange, mixedOtherwise, node, pod, service, slice, startMs } from './build.ts';

function follow(changes: readonly ClusterChange[], epoch = 'hub-1') {
  const identity = createClusterIdentity();
  const publisher = createIdentityPublisher(epoch);
  const deltas = changes.flatMap((change) => {
    identity.apply(change, startMs);
    return publisher.apply(identity.takeChanges()) ?? [];
  });
  return { publisher, deltas };
}

function mirrorOf(...frames: readonly Uint8Array[]): IdentityMirror {
  const mirror = createIdentityMirror();
  for (const frame of frames) mirror.receive(frame);
  return mirror;
}

const changesArbitrary = fc.array(anyChange, { maxLength: 40 });
const podEntry = (parts: Partial<PodEntry> = {}): PodEntry => ({
  ...{ type: 'pod', namespace: 'shop', name: 'orders-1', node: 'a', serviceAccount: 'orders' },
  workload: { kind: 'Deployment', name: 'orders' },
  ...{ labels: [], ports: [8080], addresses: ['10.0.0.1'], isEnrollable: true },
  ...parts,
});

/** The bytes of a snapshot of these, with the hash that they come to. */
function snapshotOf(...entries: readonly IdentityEntry[]): Uint8Array {
  const publisher = createIdentityPublisher('hub-1');
  publisher.apply(entries.map((entry) => ({ key: entryKey(entry), entry })));
  return publisher.since(undefined).frames[0]!;
}

describe('snapshot and deltas', () => {
  test('a snapshot and the deltas after it come to the same as a new snapshot', () => {
    fc.assert(
      fc.property(changesArbitrary, changesArbitrary, (before, after) => {
        const first = follow(before).publisher.since(undefined).frames;
        const { publisher, deltas } = follow([...before, ...after]);
        const mirror = mirrorOf(...first, ...deltas);
        const rebuilt = mirrorOf(...publisher.since(undefined).frames);
        expect(mirror.hash()).toBe(publisher.hash());
        expect(mirror.inventoryFor('a')).toEqual(rebuilt.inventoryFor('a'));
      }),
      { numRuns: 100 },
    );
  });

  test('the inventory is that of the objects, whatever the coding', () => {
    fc.assert(
      fc.property(changesArbitrary, (changes) => {
        const identity = createClusterIdentity();
        for (const change of changes) identity.apply(change, startMs);
        const { publisher } = follow(changes);
        const peers = mirrorOf(...publisher.since(undefined).frames).inventoryFor('b').peers;
        for (const peer of peers)
          for (const address of peer.addresses)
            expect(identity.holder(address)).toMatchObject({ type: 'pod', pod: { name: peer.name } });
        const told = new Set(peers.map(({ id }) => id));
        for (const uid of identity.podUids()) {
          const one = identity.pod(uid)!;
          const isHeld = one.addresses.some((address) => {
            const holder = identity.holder(address);
            return holder.type === 'pod' && holder.pod.uid === uid;
          });
          expect(told.has(`${one.namespace}/${one.name}`)).toBe(isHeld && one.node !== 'b');
        }
      }),
      { numRuns: 100 },
    );
  });

  test('replicas that saw the objects in another order have the same hash, and bytes that differ in the epoch only', () => {
    fc.assert(
      fc.property(changesArbitrary, (changes) => {
        const one = follow(changes).publisher;
        const other = follow(mixedOtherwise(changes), 'hub-2').publisher;
        expect(other.hash()).toBe(one.hash());
        const [a, b] = [one, other].map((publisher) => decodeFrame(publisher.since(undefined).frames[0]!));
        expect(a).toMatchObject({ ok: true, frame: { hash: one.hash() } });
        if (a?.ok === true && b?.ok === true) expect(b.frame.entries).toEqual(a.frame.entries);
      }),
      { numRuns: 100 },
    );
  });

  test('a delta that is missing is noticed, nothing is changed, and a snapshot cures it', () => {
    const changes = ['a', 'b', 'c'].map((name, at): ClusterChange => ({
      type: 'pod',
      pod: pod({ name, addresses: [`10.0.0.${at}`] }),
    }));
    const { publisher, deltas } = follow(changes);
    const mirror = mirrorOf(snapshotOf(), deltas[0]!);
    const before = mirror.hash();
    expect(mirror.receive(deltas[2]!)).toEqual({
      type: 'missing',
      why: 'generation 3 of hub-1 rests on content that is not here: here is generation 1 of hub-1',
    });
    expect(mirror.hash()).toBe(before);
    expect(mirror.receive(publisher.since(undefined).frames[0]!)).toEqual({ type: 'applied' });
    expect(mirror.receive(deltas[2]!)).toEqual({ type: 'known' });
    expect(mirror.inventoryFor('').peers.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('a delta before any snapshot is missing everything', () => {
    const { deltas } = follow([{ type: 'pod', pod: pod({ name: 'a' }) }]);
    expect(createIdentityMirror().receive(deltas[0]!)).toMatchObject({ type: 'missing' });
  });

  test('an agent goes on at another replica from what it has', () => {
    const changes: ClusterChange[] = ['a', 'b', 'c'].map((name, at) => ({
      type: 'pod',
      pod: pod({ name, addresses: [`10.0.0.${at}`] }),
    }));
    const mirror = mirrorOf(...follow(changes.slice(0, 2)).publisher.since(undefined).frames);
    const other = follow(changes, 'hub-2').publisher;
    const update = other.since(mirror.hash());
    expect([update.type, update.frames.length]).toEqual(['deltas', 1]);
    expect(update.frames.map((frame) => mirror.receive(frame).type)).toEqual(['applied']);
    expect(other.since(mirror.hash())).toEqual({ type: 'current', frames: [] });
  });

  test('deltas beyond the bound are forgotten, and a snapshot is told instead', () => {
    const identity = createClusterIdentity();
    const publisher = createIdentityPublisher('hub-1', { deltas: 2, deltaBytes: 1_000_000 });
    const hashes = ['a', 'b', 'c', 'd'].map((name, at) => {
      identity.apply({ type: 'pod', pod: pod({ name, addresses: [`10.0.0.${at}`] }) }, startMs);
      publisher.apply(identity.takeChanges());
      return publisher.hash();
    });
    expect(hashes.map((hash) => publisher.since(hash).type)).toEqual([
      'snapshot',
      'deltas',
      'deltas',
      'current',
    ]);
  });

  test('what changes and changes back is no delta', () => {
    const { publisher } = follow([{ type: 'pod', pod: pod({ name: 'a' }) }]);
    expect(publisher.generation()).toBe(1);
    const { deltas } = follow([
      { type: 'pod', pod: pod({ name: 'a' }) },
      { type: 'pod', pod: pod({ name: 'a', probes: [{ port: 1 }] }) },
    ]);
    expect(deltas.length).toBe(1);
  });

  test('a node’s agent makes its pods enrolled, and its own pods are not its peers', () => {
    const mirror = mirrorOf(
      ...follow([
        { type: 'node', node: node('a', '192.168.0.2') },
        { type: 'agent', node: 'a', isThere: true },
        { type: 'pod', pod: pod({ name: 'x', node: 'a', addresses: ['10.0.0.1'] }) },
        { type: 'pod', pod: pod({ name: 'out', node: 'a', addresses: ['10.0.0.2'], optedOut: true }) },
        { type: 'pod', pod: pod({ name: 'far', node: 'b', addresses: ['10.0.0.3'] }) },
      ]).publisher.since(undefined).frames,
    );
    const { peers, hosts } = mirror.inventoryFor('b');
    expect(peers.map(({ id, enrolled }) => [id, enrolled])).toEqual([
      ['shop/out', false],
      ['shop/x', true],
    ]);
    expect(hosts).toEqual([{ name: 'a', addresses: ['192.168.0.2'] }]);
  });

  test('a kept snapshot is the content again', () => {
    const mirror = mirrorOf(
      ...follow([{ type: 'pod', pod: pod({ name: 'a' }) }]).publisher.since(undefined).frames,
    );
    expect(mirrorOf(mirror.snapshot()).hash()).toBe(mirror.hash());
  });

  test('an entry beyond the bounds is left out and counted, not cut', () => {
    const labels = Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`l${at}`, 'x']));
    const { publisher } = follow([{ type: 'pod', pod: pod({ name: 'a', labels }) }]);
    expect([publisher.size(), publisher.untold()]).toEqual([0, 1]);
  });
});

describe('what is hostile', () => {
  const good = snapshotOf(podEntry(), podEntry({ name: 'orders-2', addresses: ['10.0.0.2', 'fd00::2'] }));
  const raw = (frame: Partial<IdentityFrame>): Uint8Array =>
    encodeFrame({ epoch: 'x', generation: 1, hash: 'a'.repeat(64), entries: [], gone: [], ...frame });

  test('names that are special to JavaScript are names', () => {
    const labels = [['constructor', 'x'] as const, ['toString', 'y'] as const];
    const [peer] = mirrorOf(snapshotOf(podEntry({ name: 'constructor', labels }))).inventoryFor('b').peers;
    expect(Object.entries(peer?.labels ?? {})).toEqual([
      ['constructor', 'x'],
      ['toString', 'y'],
    ]);
    expect(decodeFrame(raw({ entries: [podEntry({ labels: [['__proto__', 'x']] })] }))).toEqual({
      ok: false,
      why: 'has a labelKey that Kubernetes would not take',
    });
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /does not begin as one/],
    ['other bytes', Buffer.from('GET / HTTP/1.1'), /does not begin as one/],
    [
      'another version',
      Buffer.concat([Buffer.from('ADID'), Buffer.of(2), good.subarray(5)]),
      /is of version 2/,
    ],
    ['what is no deflate', Buffer.from('ADID\u0001\u00ff\u00ff'), /cannot be decompressed/],
    [
      'a bomb',
      Buffer.concat([Buffer.from('ADID\u0001'), deflateRawSync(Buffer.alloc(65 * 1024 * 1024))]),
      /cannot be decompressed within its bound/,
    ],
    [
      'a count beyond its bytes',
      Buffer.concat([
        Buffer.from('ADID\u0001'),
        deflateRawSync(
          Buffer.concat([Buffer.of(0, 1, 0, 64), Buffer.from('a'.repeat(64)), Buffer.of(255, 255, 3)]),
        ),
      ]),
      /follow, and/,
    ],
    ['no hash', raw({ hash: 'x' }), /has no hash/],
    ['something gone from a whole', raw({ gone: ['pod:shop/a'] }), /says that something is gone/],
    ['entries twice', raw({ entries: [podEntry(), podEntry()] }), /out of order, or one twice/],
    ['a namespace of dots', raw({ entries: [podEntry({ namespace: '..' })] }), /has a namespace/],
    ['a pod name with a slash', raw({ entries: [podEntry({ name: 'a/b' })] }), /has a pod name/],
    ['a pod without an address', raw({ entries: [podEntry({ addresses: [] })] }), /without an address/],
    ['port 0', raw({ entries: [podEntry({ ports: [0] })] }), /has a port 0/],
    ['port 65536', raw({ entries: [podEntry({ ports: [65_536] })] }), /65535 is the most/],
  ])('%s is refused', (_, bytes, why) => {
    const decoded = decodeFrame(bytes);
    expect(decoded.ok ? '' : decoded.why).toMatch(why);
  });

  test('whatever is changed in a frame, it is refused or does not come to its hash', () => {
    const before = createIdentityMirror();
    before.receive(good);
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (where, byte, cut) => {
        const bytes = Buffer.from(good);
        const at = where % bytes.length;
        const changed = cut ? bytes.subarray(0, at) : bytes;
        if (!cut) bytes[at] = byte;
        const mirror = createIdentityMirror();
        const { type } = mirror.receive(changed);
        if (type === 'applied') expect(mirror.hash()).toBe(before.hash());
        else expect([type, mirror.hash()]).toEqual(['invalid', undefined]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('a body of any bytes is refused without a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        const bytes = Buffer.concat([Buffer.from('ADID\u0001'), deflateRawSync(body)]);
        expect(decodeFrame(bytes).ok).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  test('a delta that does not come to its hash is taken back', () => {
    const mirror = mirrorOf(good);
    const { hash, inventory } = { hash: mirror.hash()!, inventory: mirror.inventoryFor('b') };
    const forged = raw({
      base: hash,
      entries: [podEntry({ name: 'orders-9' })],
      gone: ['pod:shop/orders-1'],
    });
    expect(mirror.receive(forged)).toMatchObject({ type: 'invalid', why: /does not come to the hash/ });
    expect([mirror.hash(), mirror.inventoryFor('b')]).toEqual([hash, inventory]);
  });
});

/** Names as clusters have them: Deployments of 20, a Service each, hashes in pod names and labels. */
function population(pods: number, nodes: number): ClusterChange[] {
  let seed = 7;
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  const random = (length: number): string =>
    Array.from({ length }, () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return letters[(seed >> 8) % letters.length];
    }).join('');
  const nodeChanges = Array.from({ length: nodes }, (_, at): ClusterChange => ({
    type: 'node',
    node: node(`ip-10-1-${at >> 8}-${at & 255}.eu-west-1.compute.internal`, `10.1.${at >> 8}.${at & 255}`),
  }));
  const workloads = Array.from({ length: Math.ceil(pods / 20) }, (_, at) => {
    const namespace = `team-${at % 40}`;
    const name = `service-${at}`;
    const hash = random(10);
    const own = Array.from({ length: Math.min(20, pods - at * 20) }, (__, nth) => {
      const index = at * 20 + nth;
      return pod({
        ...{ namespace, name: `${name}-${hash}-${random(5)}`, serviceAccount: name },
        uid: `uid-${index}`,
        node: `ip-10-1-${(index % nodes) >> 8}-${(index % nodes) & 255}.eu-west-1.compute.internal`,
        addresses: [`10.${2 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`],
        labels: {
          'app.kubernetes.io/name': name,
          'app.kubernetes.io/version': `1.${at % 30}.0`,
          'app.kubernetes.io/managed-by': 'Helm',
          'pod-template-hash': hash,
        },
        workload: { kind: 'Deployment', name, namespace },
      });
    });
    return [
      ...own.map((one): ClusterChange => ({ type: 'pod', pod: one })),
      {
        type: 'service',
        service: service({ name, namespace, addresses: [`10.96.${at >> 8}.${at & 255}`] }),
      },
      { type: 'slice', slice: slice(name, own, { namespace, uid: `slice-${at}` }) },
    ] satisfies ClusterChange[];
  });
  return [...nodeChanges, ...workloads.flat()];
}

function bytesOf(pods: number): { readonly snapshot: number; readonly delta: number } {
  const identity = createClusterIdentity();
  const publisher = createIdentityPublisher('hub-1');
  for (const change of population(pods, 500)) identity.apply(change, startMs);
  publisher.apply(identity.takeChanges());
  const snapshot = publisher.since(undefined).frames[0]!.length;
  const [uid] = identity.podUids();
  const one = identity.pod(uid!)!;
  identity.apply({ type: 'pod', pod: { ...one, addresses: ['10.99.0.1'] } }, startMs);
  const delta = publisher.apply(identity.takeChanges())!.length;
  return { snapshot, delta };
}

test('10,000 pods and 500 nodes take less than 200 KB, ten times as many at most ten times as much, a changed pod some hundred bytes', () => {
  const small = bytesOf(1_000);
  const large = bytesOf(10_000);
  console.log(
    `snapshot: 1,000 pods ${small.snapshot} bytes, 10,000 pods ${large.snapshot}; delta ${large.delta}`,
  );
  expect(large.snapshot).toBeLessThan(200_000);
  expect(large.snapshot).toBeLessThan(10 * small.snapshot);
  expect(large.delta).toBeLessThan(350);
});
