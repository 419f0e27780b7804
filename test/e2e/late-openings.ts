// Handshakes whose last segment is late: the caller's own rules withhold it. For node-late-openings.test.ts and inline-lifecycle.test.ts.
import type { LabPod, NetnsLab } from '../helpers/netns-lab.ts';

/** From now on no segment but SYNs leaves the caller towards that port, until the answer is called. */
export function withholdAcks(lab: NetnsLab, caller: LabPod, port: number): () => void {
  const rules = `table inet withheld {
 chain out { type filter hook output priority filter; policy accept;
  tcp dport ${port} tcp flags & (syn|ack) == ack drop
 }
}
`;
  lab.run(caller, 'nft', ['-f', '-'], rules);
  return () => void lab.run(caller, 'nft', ['delete table inet withheld']);
}
