// Whose client certificate it is: of the API server's front proxy, of a person of the cluster, or of nobody we know. TLS has checked that it
// leads to one of two bundles; to which one is decided here, link by link, because they mean quite different things.
import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { hubName } from '../../../core/trust/trust-names.ts';
import type { Person } from '../../../core/view/person.ts';
import type { AuthenticationConfig } from './front-proxy.ts';

/** Who holds the other end of the connection. */
export type Peer =
  | { readonly type: 'frontProxy' }
  /** Another replica of the hub, which speaks for somebody whom it has authenticated. */
  | { readonly type: 'replica' }
  | { readonly type: 'person'; readonly person: Person }
  | { readonly type: 'nobody' };

/** Longer chains than anybody has are not followed. */
const mostLinks = 5;

/** PEM certificates of a bundle; what is none is left out. */
export function authoritiesIn(bundle: string): readonly X509Certificate[] {
  const texts = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return texts.flatMap((text) => {
    try {
      return new X509Certificate(text);
    } catch {
      return [];
    }
  });
}

/** At the end of the chain Node answers the certificate itself, or none, which its types do not say. */
const issuerOf = ({ issuerCertificate }: DetailedPeerCertificate): DetailedPeerCertificate | undefined =>
  issuerCertificate;

/** What the peer showed, leaf first. */
function shownBy(peer: DetailedPeerCertificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let at: DetailedPeerCertificate | undefined = peer;
  const seen = new Set<string>();
  while (at !== undefined && chain.length < mostLinks && !seen.has(at.fingerprint256)) {
    seen.add(at.fingerprint256);
    chain.push(new X509Certificate(at.raw));
    at = issuerOf(at);
  }
  return chain;
}

const isValidAt = ({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean =>
  nowMs >= validFromDate.getTime() && nowMs <= validToDate.getTime();

const isSignedBy = (one: X509Certificate, issuer: X509Certificate): boolean =>
  issuer.ca && one.checkIssued(issuer) && one.verify(issuer.publicKey);

/** Whether a chain, leaf first, leads to one of these authorities: each link signed by the next, all of them valid now. */
export function leadsTo(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  nowMs: number,
): boolean {
  for (const [index, certificate] of chain.entries()) {
    if (!isValidAt(certificate, nowMs)) return false;
    if (authorities.some((authority) => isValidAt(authority, nowMs) && isSignedBy(certificate, authority)))
      return true;
    const issuer = chain[index + 1];
    if (issuer === undefined || !isSignedBy(certificate, issuer)) return false;
  }
  return false;
}

const namesOf = (field: unknown): readonly string[] =>
  typeof field === 'string'
    ? [field]
    : Array.isArray(field)
      ? field.filter((one) => typeof one === 'string')
      : [];

/** The one common name, undefined when there is none or several. */
function commonName({ CN }: DetailedPeerCertificate['subject']): string | undefined {
  const [name, second] = namesOf(CN);
  return second === undefined ? name : undefined;
}

/** As Kubernetes reads a certificate: CN is the user, O are the groups. */
function personIn(subject: DetailedPeerCertificate['subject']): Person | undefined {
  const user = commonName(subject);
  if (user === undefined || user === '') return undefined;
  // The API server adds this group to whoever it has authenticated, and roles are bound to it.
  return { user, groups: [...namesOf(subject.O), 'system:authenticated'], extra: {} };
}

/** Whose certificates are believed. */
export interface Believed {
  readonly config: AuthenticationConfig;
  /** PEM: the internal authorities; '' where there are no other replicas. */
  readonly replicas: string;
}

/** By the certificate alone; headers are not looked at. */
export function peerOf(socket: TLSSocket, { config, replicas }: Believed, nowMs: number): Peer {
  const shown = socket.getPeerCertificate(true);
  // `authorized`: OpenSSL has checked dates, purpose (client authentication) and signatures against both bundles.
  if (!socket.authorized || !Buffer.isBuffer(shown.raw)) return { type: 'nobody' };
  const chain = shownBy(shown);
  if (leadsTo(chain, authoritiesIn(config.requestHeaderAuthorities), nowMs)) {
    const name = commonName(shown.subject);
    const isAllowed =
      config.allowedNames.length === 0 || (name !== undefined && config.allowedNames.includes(name));
    return isAllowed ? { type: 'frontProxy' } : { type: 'nobody' };
  }
  if (leadsTo(chain, authoritiesIn(replicas), nowMs))
    return { type: commonName(shown.subject) === hubName ? 'replica' : 'nobody' };
  if (!leadsTo(chain, authoritiesIn(config.clientAuthorities), nowMs)) return { type: 'nobody' };
  const person = personIn(shown.subject);
  return person === undefined ? { type: 'nobody' } : { type: 'person', person };
}
