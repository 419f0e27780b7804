// X.509: an authority that signs itself, and leaves that it signs, ECDSA on P-256. node:crypto reads certificates and cannot make them, so
// pkijs is used here and in signing-request.ts. Loaded by the hub, and by a person who asks for a certificate.
import { createHash, webcrypto } from 'node:crypto';
import { BitString, Integer, OctetString, Utf8String } from 'asn1js';
import {
  AttributeTypeAndValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtKeyUsage,
  Extension,
  GeneralName,
  GeneralNames,
  type RelativeDistinguishedNames,
} from 'pkijs';
import { trustSpans, type KeptAuthority } from '../../../core/trust/authority.ts';

/** A certificate with its key, both PEM. */
export interface KeptLeaf {
  readonly certificate: string;
  readonly key: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** PEM of the authority. */
  readonly issuer: string;
}

/** What a leaf is for. */
export interface LeafRequest {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly usages: readonly ('server' | 'client')[];
}

/** Types of names in a certificate's subject. */
export const commonNameType = '2.5.4.3';
/** As above. */
export const organizationType = '2.5.4.10';
const usageTypes = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
/** GeneralName's choice of a DNS name. */
const dnsChoice = 2;

/** Bytes in the armour of their kind. */
export const pem = (label: string, bytes: ArrayBuffer): string => {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

const bytesOf = (text: string): Buffer => Buffer.from(text.replace(/-----[^-]+-----|\s/g, ''), 'base64');

/** As a copy whose buffer is exactly these bytes, as pkijs wants it. */
const exact = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

/** One more name to a subject. */
export function addName(to: RelativeDistinguishedNames, type: string, value: string): void {
  to.typesAndValues.push(new AttributeTypeAndValue({ type, value: new Utf8String({ value }) }));
}

const extension = (extnID: string, critical: boolean, value: { toBER(): ArrayBuffer }): Extension =>
  new Extension({ extnID, critical, extnValue: value.toBER() });

/** Bits as RFC 5280, 4.2.1.3 has them, first bit leftmost. */
const keyUsage = (bits: number, unusedBits: number): Extension =>
  extension('2.5.29.15', true, new BitString({ valueHex: Uint8Array.of(bits).buffer, unusedBits }));

const digitalSignature = keyUsage.bind(undefined, 0b1000_0000, 7);
const certificateAndListSigning = keyUsage.bind(undefined, 0b0000_0110, 1);

const keyIdentifier = async (key: webcrypto.CryptoKey): Promise<ArrayBuffer> =>
  webcrypto.subtle.digest('SHA-1', await webcrypto.subtle.exportKey('raw', key));

/** Whole seconds: X.509 has no fractions. */
const seconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

async function blank(
  publicKey: webcrypto.CryptoKey,
  notBeforeMs: number,
  notAfterMs: number,
): Promise<Certificate> {
  const certificate = new Certificate();
  certificate.version = 2;
  // Positive, and not to be guessed.
  const serial = webcrypto.getRandomValues(new Uint8Array(16));
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  certificate.serialNumber = new Integer({ valueHex: serial.buffer });
  certificate.notBefore.value = new Date(notBeforeMs);
  certificate.notAfter.value = new Date(notAfterMs);
  await certificate.subjectPublicKeyInfo.importKey(publicKey);
  certificate.extensions = [
    extension('2.5.29.14', false, new OctetString({ valueHex: await keyIdentifier(publicKey) })),
  ];
  return certificate;
}

/** A new pair, to be exported. */
export const makeKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

/** The private key, PKCS #8. */
export const keyPem = async ({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> =>
  pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', privateKey));

/** A new authority, valid for a year and from an hour ago. Its name tells it from the one before. */
export async function makeAuthority(nowMs: number): Promise<KeptAuthority> {
  const keys = await makeKeys();
  const notBeforeMs = seconds(nowMs - trustSpans.backdateMs);
  const notAfterMs = seconds(nowMs + trustSpans.authorityMs);
  const certificate = await blank(keys.publicKey, notBeforeMs, notAfterMs);
  const name = `apidefense-ca ${new Date(notBeforeMs).toISOString()}`;
  for (const side of [certificate.subject, certificate.issuer]) addName(side, commonNameType, name);
  const constraints = new BasicConstraints({ cA: true, pathLenConstraint: 0 });
  certificate.extensions?.push(
    extension('2.5.29.19', true, constraints.toSchema()),
    certificateAndListSigning(),
  );
  await certificate.sign(keys.privateKey, 'SHA-256');
  return {
    certificate: pem('CERTIFICATE', certificate.toSchema(true).toBER()),
    key: await keyPem(keys),
    ...{ notBeforeMs, notAfterMs },
  };
}

function describeLeaf(certificate: Certificate, { dnsNames, usages }: LeafRequest): void {
  const names = dnsNames.map((value) => new GeneralName({ type: dnsChoice, value }));
  const keyPurposes = usages.map((usage) => usageTypes[usage]);
  certificate.extensions?.push(
    extension('2.5.29.19', true, new BasicConstraints({ cA: false }).toSchema()),
    digitalSignature(),
    extension('2.5.29.37', false, new ExtKeyUsage({ keyPurposes }).toSchema()),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', false, new GeneralNames({ names }).toSchema())]),
  );
}

/** Which of several authorities signed it: strict readers ask for it. */
function issuedBy(issuer: Certificate): Extension {
  const keyBits = issuer.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView;
  const keyIdentifier = new OctetString({ valueHex: exact(createHash('sha1').update(keyBits).digest()) });
  return extension('2.5.29.35', false, new AuthorityKeyIdentifier({ keyIdentifier }).toSchema());
}

/** A leaf for a week, or for what is left of its authority. @throws Error when the authority is no key or certificate. */
export async function makeLeaf(
  authority: KeptAuthority,
  request: LeafRequest,
  nowMs: number,
): Promise<KeptLeaf> {
  const keys = await makeKeys();
  const notBeforeMs = seconds(Math.max(nowMs - trustSpans.backdateMs, authority.notBeforeMs));
  const notAfterMs = seconds(Math.min(nowMs + trustSpans.leafMs, authority.notAfterMs));
  const certificate = await blank(keys.publicKey, notBeforeMs, notAfterMs);
  addName(certificate.subject, commonNameType, request.commonName);
  const issuer = Certificate.fromBER(exact(bytesOf(authority.certificate)));
  certificate.issuer = issuer.subject;
  certificate.extensions?.push(issuedBy(issuer));
  describeLeaf(certificate, request);
  const signer = await webcrypto.subtle.importKey('pkcs8', bytesOf(authority.key), algorithm, false, [
    'sign',
  ]);
  await certificate.sign(signer, 'SHA-256');
  return {
    certificate: pem('CERTIFICATE', certificate.toSchema(true).toBER()),
    key: await keyPem(keys),
    ...{ notBeforeMs, notAfterMs, issuer: authority.certificate },
  };
}
