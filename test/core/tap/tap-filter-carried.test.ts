// What the filter leaves out of the ports that inline carries, against a model in words: the frame is described, built and run, and the program
// with carried ports must answer as the one without, but for exactly the segments that the model leaves out.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  mostCarriedPorts,
  mostExcludedPorts,
  nothingCarried,
  podFilter,
  tapFilter,
  wholeFrameBytes,
  type CarriedPorts,
} from '../../../src/core/tap/tap-filter.ts';
import { refusalOf, runBpf } from './bpf-machine.ts';
import * as frames from './frames.ts';
import { ethernet, ipv4, ipv6, tcp } from './frames.ts';

/** PACKET_HOST, PACKET_BROADCAST, PACKET_OUTGOING. */
const kinds = { toPod: 0, toAll: 1, fromPod: 4 } as const;
const connectionFlags = 7;

interface Described {
  readonly family: 4 | 6;
  readonly packetType: number;
  readonly from: number;
  readonly to: number;
  readonly flags: number;
  readonly payload: string;
  readonly optionBytes: number;
  readonly tags: readonly number[];
  /** IPv4: options; IPv6: extension headers. */
  readonly extended: boolean;
  readonly fragment: 'whole' | 'first' | 'later';
}

/** Don't-fragment beside nothing, more fragments, or an offset. */
const ipv4Fragment = { whole: 0x4000, first: 0x2000, later: 0x2005 } as const;
const ipv6Fragment = { whole: undefined, first: 1, later: (5 << 3) | 1 } as const;

function build(frame: Described): Buffer {
  const segment = tcp(frame);
  if (frame.family === 4) {
    const head = {
      protocol: 6,
      optionBytes: frame.extended ? 12 : 0,
      fragment: ipv4Fragment[frame.fragment],
    };
    return ethernet(0x0800, ipv4(head, segment), frame.tags);
  }
  const offset = ipv6Fragment[frame.fragment];
  const extensions = [
    ...(frame.extended ? [frames.options(60, 1)] : []),
    ...(offset === undefined ? [] : [frames.fragmentOf(offset)]),
  ];
  return ethernet(0x86dd, ipv6({ protocol: 6, extensions }, segment), frame.tags);
}

/** Neither beginning nor end of a connection, whole, on a port that the pod itself has, and with a port of the other side as callers have it. */
function isLeftOut(frame: Described, { ports, ipv6: also }: CarriedPorts): boolean {
  const isOutgoing = frame.packetType === kinds.fromPod;
  const [own, other] = isOutgoing ? [frame.from, frame.to] : [frame.to, frame.from];
  const isPlain = frame.family === 4 || (also && !frame.extended);
  const isWithin = (frame.flags & connectionFlags) === 0 && frame.fragment === 'whole';
  return ports.includes(own) && other >= 32_768 && isWithin && isPlain;
}

const somePort = fc.constantFrom(8080, 8081, 9090, 32_767, 32_768, 40_000, 65_535);
const described = fc.record<Described>({
  family: fc.constantFrom(4, 6),
  packetType: fc.constantFrom(...Object.values(kinds)),
  ...{ from: somePort, to: somePort },
  flags: fc.integer({ min: 0, max: 63 }),
  payload: fc.constantFrom('', 'x', 'GET / HTTP/1.1\r\n\r\n'),
  optionBytes: fc.constantFrom(0, 12, 40),
  tags: fc.constantFrom([], [0x8100], [0x88a8, 0x8100]),
  extended: fc.boolean(),
  fragment: fc.constantFrom('whole', 'first', 'later'),
});
const carriedPorts = fc.record<CarriedPorts>({
  ports: fc.uniqueArray(fc.constantFrom(8080, 9090, 40_000, 65_535, 1, 2), { maxLength: 5 }),
  ipv6: fc.boolean(),
});

const request: Described = {
  ...{ family: 4, packetType: kinds.toPod, from: 40_000, to: 8080, flags: 24, payload: 'GET' },
  ...{ optionBytes: 12, tags: [], extended: false, fragment: 'whole' },
};
const answer: Described = { ...request, packetType: kinds.fromPod, from: 8080, to: 40_000 };

const on8080 = podFilter({ ports: [8080], ipv6: true });
const passes = (frame: Described): boolean => runBpf(on8080, build(frame), frame.packetType) > 0;

describe('the filter of a pod with carried ports', () => {
  test('leaves out exactly what the model leaves out, and answers all else as the filter without', () => {
    const wide = podFilter(nothingCarried);
    fc.assert(
      fc.property(described, carriedPorts, (frame, carried) => {
        const bytes = build(frame);
        const before = runBpf(wide, bytes, frame.packetType);
        const after = runBpf(podFilter(carried), bytes, frame.packetType);
        expect(after).toBe(isLeftOut(frame, carried) ? 0 : before);
      }),
      { numRuns: 5_000 },
    );
  });

  test('is one that the kernel’s checker takes, whatever is left out', () => {
    fc.assert(
      fc.property(carriedPorts, (carried) => {
        expect(refusalOf(podFilter(carried))).toBe('');
      }),
    );
  });

  test('leaves out requests and answers in both families, and lets beginnings and ends pass', () => {
    for (const family of [4, 6] as const)
      for (const each of [request, answer]) {
        expect(passes({ ...each, family })).toBe(false);
        // FIN, SYN, RST, SYN-ACK, FIN with the last bytes.
        for (const flags of [17, 2, 4, 18, 25]) expect(passes({ ...each, family, flags })).toBe(true);
      }
  });

  test('reads what the pod calls, on the same port elsewhere or from a port of that number', () => {
    expect(passes({ ...request, packetType: kinds.fromPod })).toBe(true);
    expect(passes({ ...answer, packetType: kinds.toPod })).toBe(true);
  });

  test('reads what the pod calls from such a port, where services listen, and what a caller asks from a port of that kind', () => {
    for (const family of [4, 6] as const)
      for (const other of [1, 443, 8080, 32_767]) {
        expect(passes({ ...answer, family, to: other })).toBe(true);
        expect(passes({ ...request, family, from: other })).toBe(true);
      }
    expect(passes({ ...answer, to: 32_768 })).toBe(false);
    expect(passes({ ...request, from: 32_768 })).toBe(false);
  });

  test('reads IPv6 where only IPv4 is carried', () => {
    const only4 = podFilter({ ports: [8080], ipv6: false });
    expect(runBpf(only4, build(request), kinds.toPod)).toBe(0);
    expect(runBpf(only4, build({ ...request, family: 6 }), kinds.toPod)).toBe(wholeFrameBytes);
  });

  test('is the filter of every pod while nothing is carried', () => {
    expect(podFilter(nothingCarried)).toEqual(tapFilter({ snapBytes: wholeFrameBytes }));
  });

  test('takes as many ports as it says, the first and the last of them, and no more', () => {
    const ports = Array.from({ length: mostCarriedPorts }, (_, index) => 20_000 + index);
    const excludedPorts = Array.from({ length: mostExcludedPorts }, (_, index) => 30_000 + index);
    const full = tapFilter({ snapBytes: wholeFrameBytes, excludedPorts, carried: { ports, ipv6: true } });
    for (const family of [4, 6] as const) {
      const left = ports.filter((to) => runBpf(full, build({ ...request, family, to }), 0) === 0);
      expect(left).toEqual(ports);
      expect(runBpf(full, build({ ...request, family }), 0)).toBe(wholeFrameBytes);
    }
    expect(refusalOf(full)).toBe('');
    expect(() => podFilter({ ports: [...ports, 1], ipv6: true })).toThrow('more than');
  });
});
