// A client certificate of the cluster for the person who asks, where the hub cannot be reached through the API server: asked for by the CSR API,
// approved by somebody else, kept beside the undo journal. Nobody approves it automatically.
import { randomUUID, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../core/model/app-error.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { fieldOf, listOf, textListOf, textOf } from '../api/kube-object.ts';
import { kinds } from '../api/resource-kind.ts';

/** PEM texts. */
export interface PersonCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** What is given in. */
export interface PersonCertificateOptions {
  readonly api: KubeApi;
  /** Of this cluster and person alone; made when first needed. */
  readonly folder: string;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A working day: it also opens the API server itself, so it is short. */
const lifetimeSeconds = 8 * 60 * 60;
/** One that ends sooner is not begun with. */
const spareMs = 60_000;
const signer = 'kubernetes.io/kube-apiserver-client';
const fileName = 'client-certificate.json';

const keptSchema = z.object({
  /** Name of the request in the cluster. */
  request: z.string(),
  key: z.string(),
  certificate: z.string().optional(),
});
type Kept = z.infer<typeof keptSchema>;

function readKept(folder: string): Kept | undefined {
  try {
    return keptSchema.parse(JSON.parse(readFileSync(join(folder, fileName), 'utf8')));
  } catch {
    // Not there, or not ours any more: it is asked for anew.
    return undefined;
  }
}

/** Whole or not at all, and for the owner's eyes only: there is a key in it. */
function writeKept(folder: string, kept: Kept): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, fileName);
  writeFileSync(`${path}.new`, JSON.stringify(kept), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function isFresh(certificate: string, nowMs: number): boolean {
  try {
    return new X509Certificate(certificate).validToDate.getTime() - spareMs > nowMs;
  } catch {
    return false;
  }
}

const refused = (request: string, why: string): AppError =>
  new AppError({
    code: 'KUBE_CERTIFICATE_REFUSED',
    family: 'denied',
    message: `Your certificate request ${request} was refused${why === '' ? '' : `: ${why.replace(/\.$/, '')}`}.`,
    hint: 'Ask who administers the cluster; the next try makes a new request.',
  });

const pending = (request: string): AppError =>
  new AppError({
    code: 'KUBE_CERTIFICATE_PENDING',
    family: 'unavailable',
    message: `Your certificate request ${request} has not been approved yet.`,
    hint: `Somebody who may approve for the signer ${signer} runs: kubectl certificate approve ${request}`,
  });

/** Groups that the API server gives by itself are none to ask for, and some it refuses to sign. */
const askedGroups = (groups: readonly string[]): readonly string[] =>
  groups.filter((group) => !group.startsWith('system:'));

async function makeRequest({ api, folder }: PersonCertificateOptions): Promise<Kept> {
  const person = fieldOf(await api.review(kinds.subjectReviews, {}), 'userInfo');
  const user = textOf(fieldOf(person, 'username'));
  if (user === undefined || user === '')
    throw new AppError({
      code: 'KUBE_WHO_AM_I',
      family: 'unavailable',
      message:
        'The API server does not say who you are (SelfSubjectReview), so no certificate can be asked for.',
      hint: 'Use a kubeconfig with a client certificate, or reach the hub through the aggregated API.',
    });
  const { makeSigningRequest } = await import('../trust/signing-request.ts');
  const { request, key } = await makeSigningRequest(user, askedGroups(textListOf(fieldOf(person, 'groups'))));
  const name = `apidefense-${randomUUID()}`;
  await api.create(kinds.signingRequests, {
    ...{ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name } },
    spec: {
      request: Buffer.from(request).toString('base64'),
      ...{
        signerName: signer,
        expirationSeconds: lifetimeSeconds,
        usages: ['digital signature', 'client auth'],
      },
    },
  });
  const kept = { request: name, key };
  writeKept(folder, kept);
  return kept;
}

function verdictOf(status: unknown): { readonly certificate?: string; readonly refusal?: string } {
  for (const condition of listOf(fieldOf(status, 'conditions')))
    if (['Denied', 'Failed'].includes(textOf(fieldOf(condition, 'type')) ?? ''))
      return { refusal: textOf(fieldOf(condition, 'message')) ?? '' };
  const certificate = textOf(fieldOf(status, 'certificate')) ?? '';
  return certificate === '' ? {} : { certificate: Buffer.from(certificate, 'base64').toString('utf8') };
}

/** What became of a request; undefined when the cluster has forgotten it (pending ones are kept for a day). */
async function lookUp({ api }: PersonCertificateOptions, request: string): Promise<unknown> {
  try {
    return (await api.get(kinds.signingRequests, { name: request })).raw['status'] ?? {};
  } catch (error) {
    if (error instanceof AppError && error.code === 'KUBE_NOT_FOUND') return undefined;
    throw error;
  }
}

/**
 * The certificate that is kept, or the one that a request of ours has come to; makes a request when there is none.
 * @throws AppError KUBE_CERTIFICATE_PENDING (ask again later), KUBE_CERTIFICATE_REFUSED, and what the API server refuses.
 */
export async function personCertificate(options: PersonCertificateOptions): Promise<PersonCertificate> {
  const { folder, now } = options;
  let kept = readKept(folder);
  if (kept?.certificate !== undefined && isFresh(kept.certificate, now()))
    return { certificate: kept.certificate, key: kept.key };
  let status =
    kept === undefined || kept.certificate !== undefined ? undefined : await lookUp(options, kept.request);
  if (kept === undefined || status === undefined) {
    kept = await makeRequest(options);
    status = await lookUp(options, kept.request);
  }
  const { certificate, refusal } = verdictOf(status);
  if (refusal !== undefined) {
    rmSync(join(folder, fileName), { force: true });
    throw refused(kept.request, refusal);
  }
  if (certificate === undefined) throw pending(kept.request);
  writeKept(folder, { ...kept, certificate });
  return { certificate, key: kept.key };
}
