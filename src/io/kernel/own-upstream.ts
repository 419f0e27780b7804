// Refuses listeners that forward to themselves, directly or through each other: the first connection would call itself until no
// descriptor is left. Looks at addresses only, once the real ports are known.
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { AppError } from '../../core/model/app-error.ts';
import type { ListenerConfig } from '../../core/model/identity.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const wildcards = new Set(['0.0.0.0', '::']);

/** One spelling per address: without brackets and zone, IPv6 shortened, IPv4-mapped as IPv4. */
function canonical(host: string): string {
  if (host === 'localhost') return '127.0.0.1';
  const [plain = ''] = host.replace(/^\[(.*)\]$/, '$1').split('%');
  if (isIP(plain) !== 6) return plain;
  const short = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const words = [parseInt(high, 16), parseInt(low, 16)];
  return words.flatMap((word) => [word >> 8, word & 0xff]).join('.');
}

/** What `connect` reaches: the kernel takes a wildcard as the loopback address of its family. */
function reachedBy(host: string): string {
  const address = canonical(host);
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}

const isLoopback = (address: string): boolean =>
  isIP(address) !== 0 && loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Of this machine: what a listener on a wildcard also hears. */
function isOwn(address: string, interfaces: ReadonlySet<string>): boolean {
  return isLoopback(address) || interfaces.has(address);
}

function ownAddresses(): Set<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((list = []) => list);
  return new Set(addresses.map(({ address }) => canonical(address)));
}

/** What is listened on, with the real port of each listener, and the addresses of this machine. */
interface Ground {
  readonly listeners: readonly ListenerConfig[];
  readonly ports: readonly number[];
  readonly interfaces: ReadonlySet<string>;
}

/** Index of the listener that the upstream of `from` leads to, or -1. */
function nextOf(from: number, { listeners, ports, interfaces }: Ground): number {
  const upstream = listeners[from]?.upstream;
  if (upstream === undefined) return -1;
  const target = reachedBy(upstream.host);
  return listeners.findIndex(({ listen }, index) => {
    if (ports[index] !== upstream.port) return false;
    const own = canonical(listen.host);
    return own === target || (wildcards.has(own) && isOwn(target, interfaces));
  });
}

/**
 * @param ports the real port of each listener, in the same order.
 * @throws AppError UPSTREAM_IS_LISTENER naming the listener whose upstream leads back to it.
 */
export function refuseOwnUpstream(listeners: readonly ListenerConfig[], ports: readonly number[]): void {
  const ground: Ground = { listeners, ports, interfaces: ownAddresses() };
  for (const [first, { listen, upstream }] of listeners.entries()) {
    let at = nextOf(first, ground);
    for (let steps = 0; at !== -1 && at !== first && steps < listeners.length; steps++)
      at = nextOf(at, ground);
    if (at !== first) continue;
    throw new AppError({
      code: 'UPSTREAM_IS_LISTENER',
      family: 'usage',
      message: `The upstream ${upstream.host}:${upstream.port} leads back to the listener on ${listen.host}:${ports[first] ?? listen.port}: every connection would call itself.`,
      hint: 'Name the address of the service itself as --upstream, or listen on another port.',
    });
  }
}
