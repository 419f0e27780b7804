// The values of a verdict that only the request knows: the host as it was compared, and none where nothing could be compared.
import { Buffer } from 'node:buffer';
import type { Verdict } from '../model/event.ts';
import { maxHostBytes, normaliseHost } from './normalise-host.ts';

/** Fields of a request's head; a stream that is not HTTP has none of them. */
const ofHttp = /^(path|host|method|header:.*)$/;

/** `host` is the request's, as sent; undefined for a stream that is not HTTP, whose verdicts name fields but no values. */
export function withRequestValues(verdict: Verdict, host: string | undefined): Verdict {
  const { field, value, ...rest } = verdict;
  if (field === undefined || value === undefined || !ofHttp.test(field)) return verdict;
  if (host === undefined) return { ...rest, field };
  return field === 'host' ? { ...rest, field, value: hostText(host) } : verdict;
}

/** A host as policies compare it: lower case, without port and trailing dots. */
export function hostText(host: string): string {
  const bytes = Buffer.from(host, 'utf8');
  const out = Buffer.alloc(maxHostBytes);
  return out.toString('utf8', 0, normaliseHost(bytes, 0, bytes.length, out));
}
