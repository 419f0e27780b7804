// Whether a service mesh redirects the traffic of a namespace already: two redirections in one pod would judge the mesh's own legs, or
// loop. Told by names and numbers that are the mesh's alone. Pure.
import { nftTable } from '../../../core/plan/node-constants.ts';
import type { MarkRule } from './rtnetlink.ts';
import type { NftChain } from './rule-listing.ts';

/** What is looked at in a namespace. */
export interface MeshTraces {
  readonly chains: readonly NftChain[];
  readonly rules: readonly MarkRule[];
  /** Chains of the old iptables, which nft does not list; empty where the kernel has none. */
  readonly legacyChains: readonly string[];
  readonly listeningPorts: ReadonlySet<number>;
}

/** A mesh found in a namespace. */
export interface FoundMesh {
  readonly mesh: 'Istio' | 'Linkerd';
  /** What gave it away, for the sentence. */
  readonly trace: string;
}

/** One row per mesh: chains (iptables, through nft or not) and tables (native nft), marks with tables, and pairs of ports. */
interface MeshSigns {
  readonly mesh: FoundMesh['mesh'];
  readonly names: RegExp;
  /** Rule of routing: [mark, table]. */
  readonly routing: readonly (readonly [number, number])[];
  /** All listening at once: one alone may be anybody's. */
  readonly ports: readonly number[];
}

// istio/tools/istio-iptables (ISTIO_*; table 133 and mark 1337 in TPROXY mode), its native nftables tables `istio-proxy-*` and
// `istio-ambient-*`, ambient's in-pod rule (mark 0x111, table 100); linkerd2-proxy-init (PROXY_INIT_*, ports 4143 and 4140).
const signs: readonly MeshSigns[] = [
  {
    mesh: 'Istio',
    names: /^istio[_-]/i,
    routing: [
      [1337, 133],
      [0x111, 100],
    ],
    ports: [15001, 15006],
  },
  { mesh: 'Linkerd', names: /^proxy_init_/i, routing: [], ports: [4140, 4143] },
];

function traceOf({ names, routing, ports }: MeshSigns, found: MeshTraces): string | undefined {
  const chain = found.chains.find(
    ({ table, name }) => table !== nftTable.name && (names.test(name) || names.test(table)),
  );
  if (chain !== undefined)
    return chain.name === '' ? `nftables table ${chain.table}` : `nftables chain ${chain.name}`;
  const legacy = found.legacyChains.find((name) => names.test(name));
  if (legacy !== undefined) return `iptables chain ${legacy}`;
  const rule = found.rules.find((seen) =>
    routing.some(([mark, table]) => seen.mark === mark && seen.table === table),
  );
  if (rule !== undefined) return `routing rule of mark ${rule.mark} to table ${rule.table}`;
  return ports.every((port) => found.listeningPorts.has(port))
    ? `listeners on ports ${ports.join(' and ')}`
    : undefined;
}

/** The mesh that has the namespace; undefined when none does. */
export function findMesh(found: MeshTraces): FoundMesh | undefined {
  for (const sign of signs) {
    const trace = traceOf(sign, found);
    if (trace !== undefined) return { mesh: sign.mesh, trace };
  }
  return undefined;
}

/** Why a pod is not taken inline. */
export const meshSentence = ({ mesh, trace }: FoundMesh): string =>
  `${mesh} already redirects this pod's traffic (${trace}), so it is not taken inline; tap and kernel work.`;
