// The names that taps heard in DNS, kept on main, where flows get their words. Knows no packet.
import type { DnsNames } from '../../../core/tap/dns-names.ts';
import type { TapReport } from '../../../io/kernel/tap/tap-report.ts';

/** Call it before anything else is made of the report: its flows may be of those addresses. */
export function learnNames({ items }: TapReport, names: DnsNames): void {
  for (const item of items)
    if (item.type === 'names') names.learn(item.address, item.name, item.ttlSeconds, item.atMs);
}
