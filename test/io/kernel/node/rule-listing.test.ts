import { expect, test } from 'vitest';
import { missingCapabilities } from '../../../../src/io/kernel/node/capabilities.ts';
import { refreshesByAdding } from '../../../../src/io/kernel/node/heartbeat.ts';
import { findMesh, type MeshTraces } from '../../../../src/io/kernel/node/mesh.ts';
import { chainsOf, earlierChain, ownTable } from '../../../../src/io/kernel/node/rule-listing.ts';
import { claimOf } from '../../../../src/io/kernel/node/table-claim.ts';
import { noteEarlier } from '../../../../src/io/kernel/node/sysctl.ts';

const chain = (name: string, table = 'apidefense', family = 'inet') => ({ family, table, name });
const nothing: MeshTraces = { chains: [], rules: [], legacyChains: [], listeningPorts: new Set() };

test("tables and chains are taken from nft's listing, and lines of other kinds passed over", () => {
  const listing = {
    nftables: [
      { metainfo: { version: '1.0.6' } },
      { table: { family: 'ip', name: 'nat', handle: 1 } },
      { chain: { family: 'ip', table: 'nat', name: 'OUTPUT', handle: 1 } },
      { chain: { family: 7 } },
      null,
    ],
  };
  expect(chainsOf(listing)).toEqual([chain('', 'nat', 'ip'), chain('OUTPUT', 'nat', 'ip')]);
});

test.each([undefined, null, [], {}, { nftables: 'x' }])(
  'a listing that is none (%j) has no chains',
  (listing) => expect(chainsOf(listing)).toEqual([]),
);

test('our table is absent, marked by its owner, or made by somebody else', () => {
  expect(ownTable([chain('pre', 'other')])).toEqual({ type: 'absent' });
  expect(ownTable([chain('', 'apidefense', 'ip')])).toEqual({ type: 'absent' });
  expect(ownTable([chain(''), chain('pre')])).toEqual({ type: 'foreign' });
  expect(ownTable([chain('owner-a_5'), chain(earlierChain('01-'))])).toEqual({
    type: 'marked',
    mark: { owner: { owner: 'a', generation: 5 }, earlier: '01-' },
  });
});

test.each([
  ['a', 6, 'ours'],
  ['a', 5, 'ours'],
  ['a', 4, 'newer'],
  ['b', 9, 'other'],
])('to %s of generation %d the table of a_5 is %s', (owner, generation, type) => {
  const found = ownTable([chain('owner-a_5')]);
  expect(claimOf(found, { owner, generation }).type).toBe(type);
});

test('settings that an earlier life noted stand; what it did not touch is noted as it is now', () => {
  expect(noteEarlier('---', '01-')).toBe('01-');
  expect(noteEarlier('00-', '111')).toBe('001');
});

test.each<[string, Partial<MeshTraces>, string | undefined]>([
  ['iptables through nft', { chains: [chain('ISTIO_INBOUND', 'nat', 'ip')] }, 'Istio'],
  ['native nftables', { chains: [chain('', 'istio-proxy-nat')] }, 'Istio'],
  ['ambient', { rules: [{ family: 4, mark: 0x111, table: 100 }] }, 'Istio'],
  ['TPROXY mode', { rules: [{ family: 4, mark: 1337, table: 133 }] }, 'Istio'],
  ['the old iptables', { legacyChains: ['PROXY_INIT_REDIRECT'] }, 'Linkerd'],
  ['listeners', { listeningPorts: new Set([15001, 15006, 8080]) }, 'Istio'],
  ['one listener alone', { listeningPorts: new Set([15001]) }, undefined],
  ['kube-proxy', { chains: [chain('KUBE-SERVICES', 'nat', 'ip')] }, undefined],
  ['our own rule', { rules: [{ family: 4, mark: 0x6d0, table: 2700 }] }, undefined],
])('a mesh told by %s', (_sign, traces, mesh) => {
  expect(findMesh({ ...nothing, ...traces })?.mesh).toBe(mesh);
});

test.each([
  ['CapEff:\t000001ffffffffff', []],
  ['CapEff:\t0000000000000000', ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN']],
  ['CapEff:\t0000000000203000', []],
  ['CapEff:\t0000000000201000', ['NET_RAW']],
  ['nothing', ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN']],
])('of %j the capabilities missing are %j', (status, missing) => {
  expect(
    missingCapabilities(`Name:\tnode\n${status}\nSeccomp:\t0\n`).map((text) => text.split(' ')[0]),
  ).toEqual(missing);
});

test.each([
  ['6.18.44-x', true],
  ['6.12.0', true],
  ['6.11.9', false],
  ['5.15.0-91-generic', false],
  ['7.0', true],
  ['', false],
])('a kernel of release %j refreshes on adding: %s', (release, refreshes) => {
  expect(refreshesByAdding(release)).toBe(refreshes);
});
