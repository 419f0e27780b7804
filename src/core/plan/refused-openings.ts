// Which refused packets are an attempt of their own: a SYN that is sent again, because nobody answered, is the same attempt, and so are the
// datagrams of one UDP conversation. Bounded. Pure: packets and time come in.

/** What tells one packet from another. */
export interface OpeningPacket {
  readonly protocol: 'tcp' | 'udp';
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Of TCP: Linux gives every connection another one, even between the same ports. */
  readonly sequence: number;
}

/** The openings of one pod. */
export interface RefusedOpenings {
  /** Whether this packet begins an attempt that was not told yet. */
  isNew(packet: OpeningPacket, nowMs: number): boolean;
}

/** SYNs are repeated for 127 s (net.ipv4.tcp_syn_retries 6), at most 64 s apart. */
const tcpMs = 70_000;
/** A conversation that goes on in vain is told again once a minute. */
const udpMs = 60_000;
/** As many as a flood of the log's limit brings in 20 s; then the oldest is forgotten, and would be told once more. */
const mostRemembered = 4_096;

const keyOf = (packet: OpeningPacket): string => {
  const { protocol, source, sourcePort, destination, destinationPort, sequence } = packet;
  return `${protocol} ${source} ${sourcePort} ${destination} ${destinationPort} ${sequence}`;
};

/** None seen yet. */
export function createRefusedOpenings(): RefusedOpenings {
  /** When it was last seen (TCP) or told (UDP); oldest first. */
  const known = new Map<string, number>();
  return {
    isNew(packet, nowMs) {
      const key = keyOf(packet);
      const isTcp = packet.protocol === 'tcp';
      const since = known.get(key);
      const isNew = since === undefined || nowMs - since >= (isTcp ? tcpMs : udpMs);
      if (!isNew && !isTcp) return false;
      known.delete(key);
      known.set(key, nowMs);
      const oldest = known.size > mostRemembered ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
      return isNew;
    },
  };
}
