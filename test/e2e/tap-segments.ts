// Reads the TCP payload out of captured frames, simply: for tests that must not trust the product's own parser.
import type { SeenFrame } from './tap-pump.ts';

export interface PlainSegment {
  readonly from: number;
  readonly to: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly payload: Buffer;
}

/** The segment in a frame without VLAN tags and extension headers; undefined for anything else. */
export function segmentOf({ bytes }: SeenFrame): PlainSegment | undefined {
  const type = bytes.readUInt16BE(12);
  const isV4 = type === 0x0800;
  if (!isV4 && type !== 0x86dd) return undefined;
  if (bytes[isV4 ? 23 : 20] !== 6) return undefined;
  const tcp = 14 + (isV4 ? ((bytes[14] ?? 0) & 15) * 4 : 40);
  const end = isV4 ? 14 + bytes.readUInt16BE(16) : 54 + bytes.readUInt16BE(18);
  const data = tcp + ((bytes[tcp + 12] ?? 0) >> 4) * 4;
  return {
    from: bytes.readUInt16BE(tcp),
    to: bytes.readUInt16BE(tcp + 2),
    sequence: bytes.readUInt32BE(tcp + 4),
    acknowledgement: bytes.readUInt32BE(tcp + 8),
    flags: bytes[tcp + 13] ?? 0,
    payload: bytes.subarray(data, end),
  };
}

/** The bytes sent from a port, put in order by sequence number; throws where some are missing. */
export function streamFrom(frames: readonly SeenFrame[], port: number): Buffer {
  const segments = frames.flatMap((frame) => segmentOf(frame) ?? []).filter(({ from }) => from === port);
  const first = segments.find(({ flags }) => (flags & 2) !== 0);
  if (first === undefined) throw new Error(`no SYN from port ${port}`);
  const start = (first.sequence + 1) >>> 0;
  const parts = segments
    .filter(({ payload }) => payload.length > 0)
    .map(({ sequence, payload }) => ({ at: (sequence - start) >>> 0, payload }))
    .sort((a, b) => a.at - b.at);
  const whole: Buffer[] = [];
  let reached = 0;
  for (const { at, payload } of parts) {
    if (at > reached) throw new Error(`bytes ${reached} to ${at} from port ${port} were not seen`);
    whole.push(payload.subarray(reached - at));
    reached = Math.max(reached, at + payload.length);
  }
  return Buffer.concat(whole);
}
