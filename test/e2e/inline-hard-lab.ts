// The lab of the hard cases: a pod whose service has the ports of inline-hard-server.mjs, callers in two other pods, links that can be made narrow,
// and what must be as before once a burden is over.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import type { Hands, LabPod } from '../helpers/netns-lab.ts';
import { until } from '../helpers/until.ts';
import { startInlineLab, type InlineLab } from './inline-lab.ts';

/** Ports of the pod: what each does is said in inline-hard-server.mjs. */
export const hardPort = { http: 8088, answersAtEnd: 8089, endsFirst: 8090, resets: 8091 } as const;

/** Length and hash of a stream. */
export interface Told {
  readonly bytes: number;
  readonly hash: string;
}

export interface HardLab extends AsyncDisposable {
  readonly lab: InlineLab;
  readonly server: Hands;
  readonly caller: Hands;
  /** A caller in another pod. */
  readonly other: Hands;
  /** What the service noted last of a stream that it sent, or got. */
  lastTold(): Promise<Told | undefined>;
  /** Waits until nothing is open or queued, then forgets the flows told. */
  rest(): Promise<void>;
  /** What is open in this process now is the test's own. */
  mark(): void;
  /** Fails unless nothing of a burden is left: no fault, no descriptor, nothing queued, and the next caller is served. */
  expectUnharmed(): Promise<void>;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What this process holds, garbage of this thread collected. */
export interface Held {
  /** Resident, the worker's included, but for the room that this thread's collector keeps for garbage. */
  readonly residentBytes: number;
  /** Living in this thread: objects and buffers. */
  readonly ownBytes: number;
}

export function heldNow(): Held {
  collect();
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  return { residentBytes: rss - heapTotal + heapUsed, ownBytes: heapUsed + external };
}

/** Open descriptors of this process, the worker's included. */
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

async function checksOf(
  lab: InlineLab,
  server: Hands,
): Promise<Pick<HardLab, 'rest' | 'mark' | 'expectUnharmed'>> {
  const { plane, handle } = lab;
  const rest = async (): Promise<void> => {
    await until('nothing is open', () => handle.stats().open === 0 && plane.stats().openConnections === 0);
    await until('the service has no caller', async () => (await server.ask({ order: 'sockets' })) === 0);
    lab.forget();
  };
  const isServed = async (): Promise<void> => {
    expect((await lab.get({ port: hardPort.http, path: '/after' })).status).toBe(200);
    await rest();
  };
  await isServed();
  let descriptors = openDescriptors();
  return {
    rest,
    mark: () => void (descriptors = openDescriptors()),
    async expectUnharmed() {
      await rest();
      expect(plane.stats()).toMatchObject({ faults: 0, overflowed: 0, pendingBytes: 0, openConnections: 0 });
      expect(lab.faults).toEqual([]);
      await until('as many descriptors as at the start', () => openDescriptors() <= descriptors);
      await isServed();
    },
  };
}

/** Everything running. A head may take a second, so that slow ones end while the test looks. */
export async function startHardLab(): Promise<HardLab> {
  const ports = [8080, ...Object.values(hardPort)];
  const lab = await startInlineLab({ ports, limits: { headMs: 1_000 } });
  try {
    const { net, pod, client, other } = lab;
    const hands = {
      server: net.start(pod, 'inline-hard-server.mjs', String(hardPort.http)),
      caller: net.start(client, 'inline-hard-client.mjs'),
      other: net.start(other, 'inline-hard-client.mjs'),
    };
    await Promise.all(Object.values(hands).map((each) => each.ask({ order: 'ready' })));
    return {
      lab,
      ...hands,
      ...(await checksOf(lab, hands.server)),
      lastTold: async () => ((await hands.server.ask({ order: 'told' })) as Told[]).at(-1),
      [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
    };
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/** What the links of a lab are like. */
export interface Links {
  readonly mtu: number;
  /** Segments that a kernel may hand over joined; 1: each packet is as long as the MTU says at most. */
  readonly joined: number;
}

const ip = (...words: readonly string[]): string => execFileSync('ip', words).toString();

/** Sets both ends of the link of each pod. Below 1280 the kernel takes its IPv6 addresses away; they are given back above. */
export function setLinks({ client, pod, other }: InlineLab, { mtu, joined }: Links): void {
  const bridge = pod.name.slice(0, pod.name.lastIndexOf('-'));
  for (const [index, { name, ipv6 }] of [client, pod, other].entries()) {
    for (const [namespace, link] of [
      [bridge, `port${index}`],
      [name, 'eth0'],
    ] as const)
      ip('-n', namespace, 'link', 'set', link, 'mtu', String(mtu), 'gso_max_segs', String(joined));
    if (mtu >= 1280) ip('-n', name, 'addr', 'replace', `${ipv6}/64`, 'dev', 'eth0', 'nodad');
  }
}

/** Packets and bytes that a pod has sent so far, as its interface counts them; joined segments are one packet. */
export function sentBy({ name }: LabPod): { readonly packets: number; readonly bytes: number } {
  const [link] = JSON.parse(ip('-n', name, '-j', '-s', 'link', 'show', 'eth0')) as [
    { readonly stats64: { readonly tx: { readonly packets: number; readonly bytes: number } } },
  ];
  return link.stats64.tx;
}
