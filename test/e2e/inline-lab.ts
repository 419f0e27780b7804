// A pod whose ports go through a data plane, in real namespaces: `client` and `other` call, `pod` serves and knows nothing of it. Rules are
// put in place as an agent does it; the worker is the real one, run from source.
import { createFlowAssembler } from '../../src/core/inspect/flow-event.ts';
import { createMasker } from '../../src/core/mask/masker.ts';
import { millis } from '../../src/core/model/brand.ts';
import type { FlowEvent } from '../../src/core/model/event.ts';
import { entryOf, type DirectoryUpdate } from '../../src/core/model/directory.ts';
import { peerFromName, type Peer } from '../../src/core/model/identity.ts';
import {
  agentMark,
  connectionMark,
  heartbeatSet,
  listenPort,
  upstreamAddress,
} from '../../src/core/plan/node-constants.ts';
import type { PodPlan } from '../../src/core/plan/node-plan.ts';
import { nftRuleset } from '../../src/core/plan/ruleset.ts';
import { parseAddress } from '../../src/core/policy/ip-address.ts';
import { compilePolicies } from '../../src/core/policy/compile.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { startDataPlane, type DataPlane } from '../../src/io/kernel/data-plane.ts';
import type { DataPlaneLimits } from '../../src/io/kernel/limits.ts';
import { enrol } from '../../src/io/kernel/node/enrolment.ts';
import { openNetns } from '../../src/io/kernel/node/netns.ts';
import { openNodeKernel, type NodeKernel } from '../../src/io/kernel/node/node-kernel.ts';
import type { InlineHandle } from '../../src/io/kernel/pod-handles.ts';
import { openTransparentListeners } from '../../src/io/kernel/transparent-listener.ts';
import type { InlinePod } from '../../src/io/kernel/worker-message.ts';
import { createNetnsLab, type Hands, type LabPod, type NetnsLab } from '../helpers/netns-lab.ts';

/** What a caller got. */
export interface Answer {
  /** 0 when the connection ended without one. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
  readonly error: string;
  readonly localPort: number;
}

/** A request that was quicker than the refusal gets 502; a caller that has said nothing yet is reset. */
export const nobodyServes = ({ status, error }: Answer): boolean =>
  status === 502 || error === 'ECONNRESET' || error === 'EPIPE';

/** One request as the server itself noted it. */
export interface Served {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly address: string;
  readonly port: number;
  /** The server's own address that it came to. */
  readonly at: string;
  readonly bytes: number;
}

export interface InlineLabOptions {
  readonly policies?: readonly Policy[];
  readonly mode?: 'fwmark' | 'ct';
  /** Ports that go through the agent; 8080 if not said. */
  readonly ports?: readonly number[];
  /** Ports that the rules divert while the worker keeps them alive; `ports` if not said. */
  readonly ruled?: readonly number[];
  /** Words of the server script; `8080` if not said. */
  readonly serves?: readonly string[];
  readonly limits?: Partial<DataPlaneLimits>;
  /** What the rules do with openings while no agent is there; `Open` if not said. */
  readonly failure?: 'Open' | 'Closed';
}

export interface InlineLab extends AsyncDisposable {
  readonly net: NetnsLab;
  readonly client: LabPod;
  readonly pod: LabPod;
  readonly other: LabPod;
  readonly plane: DataPlane;
  readonly handle: InlineHandle;
  /** Everything that the agent told of, in order. */
  readonly flows: readonly FlowEvent[];
  readonly faults: readonly string[];
  /** Empties `flows`, for tests that watch the memory. */
  forget(): void;
  readonly caller: Hands;
  /** A caller in the pod itself. */
  readonly inside: Hands;
  readonly server: Hands;
  /** Hands the pod to the worker once more, with listeners of their own. */
  attach(overrides?: Partial<InlinePod>): Promise<InlineHandle>;
  get(order?: Readonly<Record<string, unknown>>): Promise<Answer>;
  served(): Promise<readonly Served[]>;
  setPolicies(policies: readonly Policy[]): void;
  /** From now on the address is a pod of that workload, or nobody's. */
  setOwner(address: string, workload: string | undefined): void;
}

/** The pod as its callers' policies name it. */
export const orders = peerFromName('orders', 'shop');

/** A policy on whoever calls the pod. */
export function policyOn(name: string, spec: Partial<Policy['spec']>): Policy {
  return {
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: { name, namespace: 'shop' },
    spec: {
      mode: 'Enforce',
      from: { scope: 'All' },
      to: { peers: [{ workload: { name: 'orders' } }] },
      action: { type: 'Block' },
      failure: 'Open',
      ...spec,
    },
  };
}

const generation = 1;

/** The rules of a pod whose ports an L7 policy asks for, as the plan spells them. */
function rulesetOf(
  mode: 'fwmark' | 'ct',
  ports: readonly number[],
  failure: 'Open' | 'Closed' = 'Open',
): string {
  const plan: PodPlan = {
    pod: 'shop/orders',
    tap: false,
    reports: 'destination',
    kernel: { inbound: [], outbound: [], judgedElsewhere: [] },
    inline: ports.map((port) => ({ port, failure, existing: 'Drain', policies: ['shop/lab'] })),
    cuts: [],
  };
  return nftRuleset(plan, { owner: 'lab', generation, mode, listenPort });
}

interface Compiled {
  readonly replace: (policies: readonly Policy[]) => SharedArrayBuffer;
}

function compiling(): Compiled {
  let number = 0;
  return {
    replace: (policies) =>
      compilePolicies(policies, { generation: ++number, nowMs: millis(Date.now()) }).buffer,
  };
}

/** Who is who, as main keeps it: peer 0 is the pod. */
interface Book {
  peerOf(index: number): Peer | undefined;
  own(address: string, workload: string | undefined): DirectoryUpdate;
}

function createBook(): Book {
  const peers: Peer[] = [orders];
  let generation = 0;
  return {
    peerOf: (index) => peers[index],
    own(address, workload) {
      if (workload !== undefined) peers.push(peerFromName(workload, 'shop'));
      return {
        generation: ++generation,
        firstPeer: 0,
        peers,
        addresses: Uint32Array.from(parseAddress(address) ?? []),
        entries: Int32Array.of(workload === undefined ? -1 : entryOf(peers.length - 1, false)),
      };
    },
  };
}

interface Watched {
  readonly plane: DataPlane;
  readonly flows: FlowEvent[];
  readonly faults: string[];
}

async function startPlane(
  snapshot: SharedArrayBuffer,
  limits: Partial<DataPlaneLimits>,
  book: Book,
): Promise<Watched> {
  const flows: FlowEvent[] = [];
  const faults: string[] = [];
  const assemble = createFlowAssembler({
    listeners: [],
    agent: 'lab',
    masker: createMasker(Buffer.alloc(32, 7)),
    describe: ({ decision }) => ({
      verdict: { action: decision.action === 1 ? 'block' : 'allow', mode: 'enforce' },
    }),
    peer: (index) => book.peerOf(index),
  });
  const plane = await startDataPlane({
    listeners: [],
    snapshot,
    limits,
    onExchange: (exchange) => void flows.push(assemble(exchange)),
    onLost: () => undefined,
    onFault: (error) => void faults.push(error.message),
    onBeatFailed: (pod, error) => void faults.push(`${pod} has no heartbeat: ${error}`),
  });
  return { plane, flows, faults };
}

/** Rules in place, and how the worker is handed the pod. */
interface Taken {
  attach(overrides?: Partial<InlinePod>): Promise<InlineHandle>;
  /** Takes all of it back. */
  undo(): void;
}

/** Rules and routes in the pod's namespace, as an agent puts them in place. */
function takeOver(
  kernel: NodeKernel,
  { plane, pod }: { readonly plane: DataPlane; readonly pod: LabPod },
  { mode = 'fwmark', ports = [8080], ruled = ports, failure }: InlineLabOptions,
): Taken {
  const enrolment = enrol(kernel, {
    netns: openNetns(pod.path),
    addresses: [pod.ipv4],
    owner: { owner: 'lab', generation },
  });
  enrolment.apply({ ruleset: rulesetOf(mode, ruled, failure), mode });
  const { fd: netnsFd } = enrolment.netns;
  return {
    attach: (overrides = {}) =>
      plane.attachPod({
        pod: 'shop/orders',
        netnsFd,
        listeningFds: openTransparentListeners(kernel, { netnsFd, port: listenPort, backlog: 4096 }),
        listenPort,
        mode,
        mark: mode === 'fwmark' ? agentMark : connectionMark,
        loopback: upstreamAddress,
        destination: orders,
        destinationPeer: 0,
        ports,
        heartbeatSet: heartbeatSet(generation),
        ...overrides,
      }),
    undo: () => void enrolment.release(),
  };
}

const podOf = (net: NetnsLab, name: string): LabPod => {
  const pod = net.pods[name];
  if (pod === undefined) throw new Error(`the lab has no pod ${name}`);
  return pod;
};

/** The programs in the pods, ready. */
async function startHands(
  net: NetnsLab,
  serves: readonly string[],
): Promise<Pick<InlineLab, 'server' | 'caller' | 'inside'>> {
  const hands = {
    server: net.start(podOf(net, 'pod'), 'inline-server.mjs', ...serves),
    caller: net.start(podOf(net, 'client'), 'inline-client.mjs'),
    inside: net.start(podOf(net, 'pod'), 'inline-client.mjs'),
  };
  await Promise.all(Object.values(hands).map((each) => each.ask({ order: 'ready' })));
  return hands;
}

async function build(
  net: NetnsLab,
  cleanup: AsyncDisposableStack,
  options: InlineLabOptions,
): Promise<InlineLab> {
  const pod = podOf(net, 'pod');
  const hands = await startHands(net, options.serves ?? ['8080']);
  const compiled = compiling();
  const book = createBook();
  const watched = await startPlane(compiled.replace(options.policies ?? []), options.limits ?? {}, book);
  const kernel = cleanup.adopt(await openNodeKernel(), (opened) => opened.close());
  const taken = cleanup.adopt(takeOver(kernel, { ...watched, pod }, options), (rules) => rules.undo());
  cleanup.defer(() => watched.plane.stop(0));
  return {
    ...{ net, pod, client: podOf(net, 'client'), other: podOf(net, 'other') },
    ...hands,
    ...watched,
    handle: await taken.attach(),
    forget: () => void watched.flows.splice(0),
    attach: (overrides) => taken.attach(overrides),
    get: async (order = {}) =>
      (await hands.caller.ask({ order: 'get', host: pod.ipv4, port: 8080, ...order })) as Answer,
    served: async () => (await hands.server.ask({ order: 'log' })) as readonly Served[],
    setOwner: (address, workload) => watched.plane.setDirectory(book.own(address, workload)),
    setPolicies: (policies) => watched.plane.setSnapshot(compiled.replace(policies)),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** Everything running, with the ports of the pod taken over. */
export async function startInlineLab(options: InlineLabOptions = {}): Promise<InlineLab> {
  const cleanup = new AsyncDisposableStack();
  try {
    return await build(cleanup.use(createNetnsLab(['client', 'pod', 'other'])), cleanup, options);
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}
