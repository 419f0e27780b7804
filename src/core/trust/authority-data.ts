// The authority's state as the data of its Secret, and back. What cannot be read is said and not overwritten: somebody may have put it
// there. Pure.
import { AppError } from '../model/app-error.ts';
import type { AuthorityState, KeptAuthority, OldAuthority } from './authority.ts';

/** Names and texts, before base64. */
export type SecretTexts = Readonly<Record<string, string>>;

const kept = (prefix: string, { certificate, key, notBeforeMs, notAfterMs }: KeptAuthority): SecretTexts => ({
  [`${prefix}.crt`]: certificate,
  [`${prefix}.key`]: key,
  [`${prefix}.not-before`]: new Date(notBeforeMs).toISOString(),
  [`${prefix}.not-after`]: new Date(notAfterMs).toISOString(),
});

/** What the Secret is to hold. */
export const authorityTexts = ({ current, next, old }: AuthorityState): SecretTexts => ({
  ...kept('ca', current),
  ...(next === undefined ? {} : kept('next', next)),
  ...(old === undefined
    ? {}
    : { 'old.crt': old.certificate, 'old.until': new Date(old.untilMs).toISOString() }),
});

function required(texts: SecretTexts, name: string): string {
  const text = texts[name] ?? '';
  if (text !== '') return text;
  throw unreadable(`it has no ${name}`);
}

function time(texts: SecretTexts, name: string): number {
  const ms = Date.parse(required(texts, name));
  if (Number.isFinite(ms)) return ms;
  throw unreadable(`${name} is no time`);
}

function readKept(texts: SecretTexts, prefix: string): KeptAuthority {
  return {
    certificate: required(texts, `${prefix}.crt`),
    key: required(texts, `${prefix}.key`),
    notBeforeMs: time(texts, `${prefix}.not-before`),
    notAfterMs: time(texts, `${prefix}.not-after`),
  };
}

const has = (texts: SecretTexts, prefix: string): boolean =>
  Object.keys(texts).some((name) => name.startsWith(`${prefix}.`));

const readOld = (texts: SecretTexts): OldAuthority => ({
  certificate: required(texts, 'old.crt'),
  untilMs: time(texts, 'old.until'),
});

/** Undefined of an empty Secret, as install makes it. @throws AppError when something is in it that we did not write. */
export function readAuthority(texts: SecretTexts): AuthorityState | undefined {
  if (Object.keys(texts).length === 0) return undefined;
  return {
    current: readKept(texts, 'ca'),
    ...(has(texts, 'next') ? { next: readKept(texts, 'next') } : {}),
    ...(has(texts, 'old') ? { old: readOld(texts) } : {}),
  };
}

const unreadable = (why: string): AppError =>
  new AppError({
    code: 'AUTHORITY_UNREADABLE',
    family: 'data',
    message: `The Secret of the hub's certificate authority cannot be used: ${why}.`,
    hint: 'Empty its data, and the hub makes a new authority; agents learn of it from the ConfigMap.',
  });
