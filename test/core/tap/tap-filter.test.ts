// The filter's program, run on frames: what passes, what does not, and how much of it is kept.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  leastSnapBytes,
  mostExcludedPorts,
  nothingFilter,
  tapFilter,
  wholeFrameBytes,
} from '../../../src/core/tap/tap-filter.ts';
import { runBpf } from './bpf-machine.ts';
import * as frames from './frames.ts';
import { ethernet, ipv4, ipv6, tcp, udp } from './frames.ts';

const snapBytes = 4096;
const program = tapFilter({ snapBytes });
const data = tcp({ payload: 'GET / HTTP/1.1\r\n\r\n' });
const v4 = (inside: Buffer, protocol = 6): Buffer => ethernet(0x0800, ipv4({ protocol }, inside));
const v6 = (inside: Buffer, extensions: readonly frames.Extension[] = [], protocol = 6): Buffer =>
  ethernet(0x86dd, ipv6({ protocol, extensions }, inside));

const passing: readonly (readonly [string, Buffer])[] = [
  ['TCP over IPv4', v4(data)],
  ['TCP over IPv4 with options', ethernet(0x0800, ipv4({ protocol: 6, optionBytes: 40 }, data))],
  ['TCP with options and one byte', v4(tcp({ optionBytes: 40, payload: 'x' }))],
  ['TCP over IPv6', v6(data)],
  ['one VLAN tag', ethernet(0x0800, ipv4({ protocol: 6 }, data), [0x8100])],
  ['a service tag', ethernet(0x86dd, ipv6({ protocol: 6 }, data), [0x88a8])],
  ['two tags', ethernet(0x0800, ipv4({ protocol: 6 }, data), [0x88a8, 0x8100])],
  ['two tags over IPv6', ethernet(0x86dd, ipv6({ protocol: 6 }, data), [0x8100, 0x8100])],
  ['SYN', v4(tcp({ flags: 2 }))],
  ['SYN and ACK over IPv6', v6(tcp({ flags: 18, optionBytes: 20 }))],
  ['FIN', v4(tcp({ flags: 17 }))],
  ['RST', v6(tcp({ flags: 4 }))],
  ['a question to DNS', v4(udp(40000, 53), 17)],
  ['an answer of DNS', v4(udp(53, 40000), 17)],
  ['DNS over IPv6', v6(udp(40000, 53), [], 17)],
  ['DNS with a tag', ethernet(0x0800, ipv4({ protocol: 17 }, udp(53, 9)), [0x8100])],
  ['DNS behind IPv4 options', ethernet(0x0800, ipv4({ protocol: 17, optionBytes: 8 }, udp(9, 53)))],
  ['hop-by-hop options', v6(data, [frames.options(0, 0)])],
  ['routing and destination options', v6(data, [frames.options(43, 2), frames.options(60, 1)])],
  ['a fragment header of a whole packet', v6(data, [frames.fragmentOf(0)])],
  ['an authentication header', v6(data, [frames.auth(4)])],
  [
    'three extension headers',
    v6(
      data,
      [0, 43, 60].map((kind) => frames.options(kind, 0)),
    ),
  ],
  ['DNS behind extension headers', v6(udp(40000, 53), [frames.options(0, 1)], 17)],
  [
    'more extension headers than are walked',
    v6(
      data,
      [0, 60, 43, 60, 60].map((kind) => frames.options(kind, 0)),
    ),
  ],
  ['a later fragment of TCP over IPv4', ethernet(0x0800, ipv4({ protocol: 6, fragment: 185 }, data))],
  ['a later fragment of TCP over IPv6', v6(data, [frames.fragmentOf(185 << 3)])],
  [
    'a segment too large to say its length, IPv4',
    ethernet(0x0800, ipv4({ protocol: 6, totalLength: 0 }, data)),
  ],
  [
    'a segment too large to say its length, IPv6',
    ethernet(0x86dd, ipv6({ protocol: 6, payloadLength: 0 }, data)),
  ],
];

const stopped: readonly (readonly [string, Buffer])[] = [
  ['an acknowledgement alone', v4(tcp({}))],
  ['an acknowledgement with options over IPv6', v6(tcp({ optionBytes: 12 }))],
  ['an acknowledgement behind an extension header', v6(tcp({}), [frames.options(60, 3)])],
  ['an acknowledgement with a tag', ethernet(0x86dd, ipv6({ protocol: 6 }, tcp({})), [0x8100])],
  ['an acknowledgement padded to the least frame', Buffer.concat([v4(tcp({})), Buffer.alloc(6)])],
  ['UDP of other ports', v4(udp(40000, 5353), 17)],
  ['UDP of other ports over IPv6', v6(udp(40000, 5353), [frames.options(0, 0)], 17)],
  ['a later fragment of UDP', ethernet(0x0800, ipv4({ protocol: 17, fragment: 185 }, udp(53, 53)))],
  ['a later fragment of UDP over IPv6', v6(udp(53, 53), [frames.fragmentOf(8)], 17)],
  ['ICMP', v4(data, 1)],
  ['ICMPv6', v6(data, [], 58)],
  ['ICMPv6 behind options', v6(data, [frames.options(0, 0)], 58)],
  ['ARP', ethernet(0x0806, data)],
  ['a third tag', ethernet(0x0800, ipv4({ protocol: 6 }, data), [0x88a8, 0x8100, 0x8100])],
];

describe('the filter', () => {
  test.each(passing)('lets pass: %s', (_, frame) => {
    expect(runBpf(program, frame)).toBe(snapBytes);
  });

  test.each(stopped)('stops: %s', (_, frame) => {
    expect(runBpf(program, frame)).toBe(0);
  });

  test('stops frames for other machines, which a bridge floods', () => {
    const frame = v4(data);
    const otherHost = 3;
    expect([0, 1, 2, otherHost, 4].map((kind) => runBpf(program, frame, kind))).toEqual([
      ...[snapBytes, snapBytes, snapBytes],
      ...[0, snapBytes],
    ]);
  });

  test('lets acknowledgements pass where they are asked for', () => {
    const all = tapFilter({ snapBytes, pureAcks: true });
    expect(runBpf(all, v4(tcp({})))).toBe(snapBytes);
    expect(runBpf(all, v6(tcp({ optionBytes: 12 })))).toBe(snapBytes);
  });

  test('keeps what was asked for, and always enough for the headers', () => {
    expect(runBpf(tapFilter({ snapBytes: wholeFrameBytes }), v4(data))).toBe(wholeFrameBytes);
    expect(runBpf(tapFilter({ snapBytes: 60 }), v4(data))).toBe(leastSnapBytes);
  });

  test('leaves out the ports it is told to, in both directions and families, even their SYN, and no others', () => {
    const without = tapFilter({ snapBytes, excludedPorts: [15906, 9090] });
    for (const around of [v4, v6]) {
      for (const port of [15906, 9090]) {
        expect(runBpf(without, around(tcp({ to: port, payload: 'x' })))).toBe(0);
        expect(runBpf(without, around(tcp({ from: port, payload: 'x' })))).toBe(0);
        expect(runBpf(without, around(tcp({ to: port, flags: 2 })))).toBe(0);
      }
      expect(runBpf(without, around(tcp({ to: 9091, payload: 'x' })))).toBe(snapBytes);
    }
    expect(runBpf(without, v4(udp(15906, 53), 17))).toBe(snapBytes);
  });

  test('takes as many ports as it says, and no more', () => {
    const ports = Array.from({ length: mostExcludedPorts }, (_, index) => 20_000 + index);
    const without = tapFilter({ snapBytes, excludedPorts: ports });
    expect(ports.map((port) => runBpf(without, v6(tcp({ from: port, payload: 'x' }))))).toEqual(
      ports.map(() => 0),
    );
    expect(runBpf(without, v4(data))).toBe(snapBytes);
    expect(() => tapFilter({ snapBytes, excludedPorts: [...ports, 1] })).toThrow('more than');
  });

  test('ends on every beginning of every frame, and stops a segment whose flags are not there', () => {
    for (const [, frame] of [...passing, ...stopped]) {
      for (let length = 0; length < frame.length; length++)
        expect([0, snapBytes]).toContain(runBpf(program, frame.subarray(0, length)));
    }
    expect(runBpf(program, v4(tcp({ flags: 2 })).subarray(0, 34 + 13))).toBe(0);
    expect(runBpf(program, v6(tcp({ flags: 2 })).subarray(0, 54 + 13))).toBe(0);
  });

  test('ends on any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(0x0800, 0x86dd, 0x8100),
        (bytes, type) => {
          expect([0, snapBytes]).toContain(runBpf(program, ethernet(type, Buffer.from(bytes))));
        },
      ),
    );
  });

  test('of a ring that is replaced lets nothing pass', () => {
    expect(runBpf(nothingFilter, v4(data))).toBe(0);
  });
});
