// A request for a client certificate (PKCS #10): who is asked for, signed with a new key. Loaded when one is needed and not before.
import { CertificationRequest } from 'pkijs';
import { addName, commonNameType, keyPem, makeKeys, organizationType, pem } from './certificates.ts';

/** PEM texts. */
export interface SigningRequest {
  readonly request: string;
  readonly key: string;
}

/** As Kubernetes reads it: CN is the user, each O a group. */
export async function makeSigningRequest(user: string, groups: readonly string[]): Promise<SigningRequest> {
  const keys = await makeKeys();
  const request = new CertificationRequest();
  request.version = 0;
  for (const group of groups) addName(request.subject, organizationType, group);
  addName(request.subject, commonNameType, user);
  await request.subjectPublicKeyInfo.importKey(keys.publicKey);
  request.attributes = [];
  await request.sign(keys.privateKey, 'SHA-256');
  return {
    request: pem('CERTIFICATE REQUEST', request.toSchema(true).toBER()),
    key: await keyPem(keys),
  };
}
