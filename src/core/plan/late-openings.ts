// Connections that open without an opening packet. With SYN cookies (net.ipv4.tcp_syncookies=2, or a listener under a flood) the kernel keeps
// nothing of a handshake: the SYN-ACK went out before the rules came, or before the agent died, and a bare ACK opens the connection.
//
// Such a segment is known by what it reaches: a listening socket. Whatever is established, is being opened or waits in TIME_WAIT, the pod's own
// calls too, is found before any listener, and is never bound to every address (`socket wildcard 1`). Where nothing is found at all, nothing
// can open. It is asked behind routing (hook input), where the kernel has mostly found the connection already: that costs no search then, and
// what the pod only forwards, which may go through a port it listens on itself, does not come by.
//
// Not told apart from a connection is the listener of an application that listens on one address only; its late openings pass.
import type { ChainModel, RulesetOptions } from './table-model.ts';

/** Of a segment that is not the first. A reset opens nothing. */
const laterSegment = 'tcp flags & (syn|rst|ack) == ack';

/** The chains that put `refusals` to segments that would open something; none when nothing is refused. */
export function lateChains(refusals: readonly string[], options: RulesetOptions): readonly ChainModel[] {
  if (refusals.length === 0 || options.tproxy === false) return [];
  return [
    { name: 'late', hook: '', rules: refusals },
    {
      name: 'late_openings',
      hook: 'type filter hook input priority mangle; policy accept;',
      // One rule, because every packet of every connection comes by.
      rules: [`iifname != "lo" ${laterSegment} socket wildcard 1 goto late`],
    },
  ];
}
