// Certificates as others read them: Node's OpenSSL in a real TLS handshake, and the fields by node:crypto.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { trustSpans } from '../../../../src/core/trust/authority.ts';
import { hubNames } from '../../../../src/core/trust/trust-names.ts';
import { makeAuthority, makeLeaf } from '../../../../src/io/kube/trust/certificates.ts';

const request = {
  ...{ commonName: 'apidefense-hub', dnsNames: hubNames('defense'), usages: ['server', 'client'] as const },
};

/** '' when the handshake is done, else why not. */
async function handshake(
  shown: { readonly cert: string; readonly key: string },
  ca: string,
  servername: string,
): Promise<string> {
  const server = createServer({ ...shown, requestCert: true, ca, rejectUnauthorized: true });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', ca, servername, ...shown });
  try {
    return await new Promise<string>((done) => {
      socket.once('secureConnect', () => done(''));
      socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    });
  } finally {
    socket.destroy();
    server.close();
  }
}

describe('a leaf', () => {
  test('is believed under the names of the hub and no other, by both sides', async () => {
    const authority = await makeAuthority(Date.now());
    const { certificate: cert, key } = await makeLeaf(authority, request, Date.now());
    for (const name of hubNames('defense'))
      expect(await handshake({ cert, key }, authority.certificate, name)).toBe('');
    const other = await handshake({ cert, key }, authority.certificate, 'apidefense-hub.other.svc');
    expect(other).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('is believed by who has the bundle of old and new, and not by who has another authority', async () => {
    const [old, next] = [await makeAuthority(Date.now()), await makeAuthority(Date.now() + 1_000)];
    const bundle = old.certificate + next.certificate;
    for (const authority of [old, next]) {
      const { certificate: cert, key } = await makeLeaf(authority, request, Date.now());
      expect(await handshake({ cert, key }, bundle, 'apidefense-hub')).toBe('');
    }
    const { certificate: cert, key } = await makeLeaf(next, request, Date.now());
    expect(await handshake({ cert, key }, old.certificate, 'apidefense-hub')).not.toBe('');
  });

  test('is valid from an hour ago, for a week, and never longer than its authority', async () => {
    const nowMs = Date.parse('2027-01-01T12:00:00.500Z');
    const authority = await makeAuthority(nowMs);
    const leaf = new X509Certificate((await makeLeaf(authority, request, nowMs)).certificate);
    expect(leaf.validFromDate.toISOString()).toBe('2027-01-01T11:00:00.000Z');
    expect(leaf.validToDate.toISOString()).toBe('2027-01-08T12:00:00.000Z');
    const late = await makeLeaf(authority, request, nowMs + trustSpans.authorityMs - 3_600_000);
    expect(late.notAfterMs).toBe(authority.notAfterMs);
    expect(late.notBeforeMs).toBeGreaterThanOrEqual(authority.notBeforeMs);
  });

  test('is no authority, and its authority signs leaves alone', async () => {
    const authority = await makeAuthority(Date.now());
    const [root, leaf] = [
      new X509Certificate(authority.certificate),
      new X509Certificate((await makeLeaf(authority, request, Date.now())).certificate),
    ];
    expect([root.ca, leaf.ca]).toEqual([true, false]);
    expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.serialNumber).not.toBe(root.serialNumber);
  });
});
