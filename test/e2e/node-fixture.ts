// Tools of the tests that change a pod's namespace: sockets made inside by bare calls (the kernel shakes hands without anybody accepting),
// what a namespace looks like in full, and rules to put into it.
import { toSocketAddress } from '../../src/io/kernel/socket-address.ts';
import { openNodeKernel, type NodeKernel } from '../../src/io/kernel/node/node-kernel.ts';
import { closeNetns, openNetns, type Netns } from '../../src/io/kernel/node/netns.ts';
import { createNetnsLab, type LabPod, type NetnsLab } from '../helpers/netns-lab.ts';

/** A lab of two pods with our tools. */
export interface NodeBench extends Disposable {
  readonly lab: NetnsLab;
  readonly kernel: NodeKernel;
  readonly pod: LabPod;
  readonly peer: LabPod;
  /** The pod's namespace, open until the end. */
  readonly netns: Netns;
  readonly peerNetns: Netns;
}

export async function createNodeBench(): Promise<NodeBench> {
  const lab = createNetnsLab(['pod', 'peer']);
  const kernel = await openNodeKernel();
  const [pod, peer] = [lab.pods['pod']!, lab.pods['peer']!];
  const [netns, peerNetns] = [openNetns(pod.path), openNetns(peer.path)];
  return {
    ...{ lab, kernel, pod, peer, netns, peerNetns },
    [Symbol.dispose]() {
      closeNetns(netns);
      closeNetns(peerNetns);
      kernel.close();
      lab[Symbol.dispose]();
    },
  };
}

/** The same calls, with what is received through them counted. */
export function countingReads(libc: NodeKernel['libc']) {
  const read = { messages: 0, bytes: 0 };
  const counting = {
    ...libc,
    recv(fd: number, address: number, length: number, flags: number) {
      const received = libc.recv(fd, address, length, flags);
      read.messages += 1;
      read.bytes += Math.max(0, received);
      return received;
    },
  };
  return { read, libc: counting };
}

/** SOCK_STREAM | SOCK_CLOEXEC. */
const stream = 1 | 0o2000000;

function socketTo(kernel: NodeKernel, netns: Netns, { host, port }: { host: string; port: number }) {
  const address = toSocketAddress(kernel.libc, host, port);
  const fd = kernel.door.socketIn(netns.fd, address.family, stream, 0);
  if (fd < 0) throw new Error(`socket: error ${-fd}`);
  return { fd, address };
}

/** A listening socket in the namespace. `any` hosts: `0.0.0.0`, `::` (both families). */
export function listenIn(kernel: NodeKernel, netns: Netns, at: { host: string; port: number }): number {
  const { fd, address } = socketTo(kernel, netns, at);
  if (kernel.libc.bind(fd, address.memory.address, address.length) !== 0 || kernel.libc.listen(fd, 128) !== 0)
    throw new Error(`listen: error ${kernel.libc.errno()}`);
  return fd;
}

/** A connected socket in the namespace, or minus the error. */
export function connectIn(kernel: NodeKernel, netns: Netns, to: { host: string; port: number }): number {
  const { fd, address } = socketTo(kernel, netns, to);
  if (kernel.libc.connect(fd, address.memory.address, address.length) === 0) return fd;
  const error = kernel.libc.errno();
  kernel.libc.close(fd);
  return -error;
}

/** The next connection waiting at a listener. */
export function acceptAt(kernel: NodeKernel, listener: number): number {
  const address = kernel.libc.allocate(28);
  const length = kernel.libc.allocate(4);
  length.view.setInt32(0, 28, true);
  return kernel.libc.accept4(listener, address.address, length.address, 0o2000000);
}

/** What a read of the socket answers now: bytes, 0 at its end, or minus the error (11: nothing yet). */
export function readNow(kernel: NodeKernel, fd: number): number {
  const memory = kernel.libc.allocate(64);
  const read = kernel.libc.recv(fd, memory.address, 64, 0x40);
  return read < 0 ? -kernel.libc.errno() : read;
}

/** Everything an agent could leave behind, as the machine's own tools tell it. */
export const traces = (lab: NetnsLab, pod: LabPod): string =>
  [
    ['nft', 'list', 'ruleset'],
    ['ip', 'rule'],
    ['ip', '-6', 'rule'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['ip', '-6', 'route', 'show', 'table', 'all', 'type', 'unicast'],
    ['ip', '-6', 'route', 'show', 'table', '2700'],
    ['sysctl', 'net.ipv4.tcp_fwmark_accept', 'net.ipv4.fwmark_reflect', 'net.ipv6.fwmark_reflect'],
    ['ss', '-Htnlp'],
  ]
    .map(([command = '', ...words]) => {
      // A table that was never used does not exist.
      if (words.includes('2700'))
        return lab.run(pod, 'sh', ['-c', `${command} ${words.join(' ')} 2>/dev/null || true`]);
      return lab.run(pod, command, words);
    })
    .join('---\n')
    // What changes by itself: the time left of elements, and link-local addresses that the kernel has only now found to be free.
    .replace(/ expires \S+/g, '')
    .replace(/^.*fe80::.*\n/gm, '');

/** A ruleset as the plan makes them: one inline port, and one that is refused. */
export const sampleRules = (generation: number, refused = 81): string => `table inet apidefense {
 set live-${generation} { type inet_service; flags timeout; elements = { 8080 timeout 2s }; }
 chain pre { type filter hook prerouting priority mangle; policy accept;
  iifname != "lo" meta nfproto ipv4 tcp dport @live-${generation} tproxy ip to 127.0.0.1:15906 counter accept
  iifname != "lo" meta nfproto ipv6 tcp dport @live-${generation} tproxy ip6 to [::1]:15906 counter accept
  tcp dport ${refused} counter drop
 }
}
`;
