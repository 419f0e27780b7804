// What stands for a secret and is none stays readable; what only begins or ends like it is masked.
import { expect, test } from 'vitest';
import { createMasker } from '../../../src/core/mask/masker.ts';
import { isPlaceholder } from '../../../src/core/mask/placeholders.ts';
import { growth } from '../../helpers/text-work.ts';

const masker = createMasker(new Uint8Array(32).fill(3));

test.each([
  '...',
  '********',
  'xxxxxx',
  '${DB_PASSWORD}',
  '$(gcloud auth print-access-token)',
  '{{ .Values.password }}',
  '%(password)s',
  '<your token>',
  '[REDACTED]',
  'ops_eyJzaWdu..[Redacted]',
  '************1111',
  'xoxp-XXXXXXXXXX-XXXXXXXXXX-XXXXXXXX',
])('%s is a placeholder and stays', (text) => {
  expect(isPlaceholder(text)).toBe(true);
  const body = JSON.stringify({ password: text });
  expect(masker.maskBody(body, 'application/json')).toBe(body);
});

test.each([
  'xx',
  '..',
  '$ecret(1)',
  '$(hunter2!)',
  '${a}hunter2',
  'hunter2[redacted]',
  'xxxxxxxxxxxxxxxxxxxxxxxxxhunter2abc',
  '****hunter2***',
  '<hunter2abc>',
  '{hunter2}',
  '$(x) hunter2',
])('%s is not one and is masked', (text) => {
  expect(isPlaceholder(text)).toBe(false);
  expect(masker.maskBody(JSON.stringify({ password: text }), 'application/json')).not.toContain(text);
});

test('a template in running text is passed whole, and what follows it is still looked at', () => {
  const text = 'Authorization: Bearer $(gcloud auth print-access-token) password=hunter2abc';
  const masked = masker.maskBody(text, 'text/plain');
  expect(masked).toContain('Bearer $(gcloud auth print-access-token) password=<password:');
});

const line = 'q8Zt3LmV0pXc7RbN2yHs9WdKq8Zt3LmV0pXc7RbN2yHs9WdK';
const block = (label: string, body: string): string =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;

test('published armour stays as it is: keys, certificates, signatures', () => {
  for (const label of ['PGP PUBLIC KEY BLOCK', 'CERTIFICATE', 'PUBLIC KEY', 'PGP SIGNATURE']) {
    const text = `see\n${block(label, `${line}\n${line}\n=aB3d`)}`;
    expect(masker.maskBody(text, 'text/plain')).toBe(text);
  }
});

test('armour hides nothing else: private blocks, tokens in its text, keys, blocks without an end, text behind them', () => {
  for (const text of [
    block('PRIVATE KEY', line),
    block('PGP PUBLIC KEY BLOCK', `Comment: ${line}`),
    block('CERTIFICATE', `x ${line} y`),
    `-----BEGIN CERTIFICATE-----\n${line}\n`,
    `${block('CERTIFICATE', 'AAAA')}\n${line}\n`,
  ])
    expect(masker.maskBody(text, 'text/plain')).not.toContain(line);
  const key = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a';
  expect(masker.maskBody(block('CERTIFICATE', `password=${key}`), 'text/plain')).not.toContain(key);
});

test.each([
  '-----BEGIN CERTIFICATE-----\n',
  `-----BEGIN CERTIFICATE-----${line}-----END CERTIFICATE-----`,
  '${',
  '$(',
  '{{',
])('hostile repetition costs as much more as there is more of it: %s', (unit) => {
  const mask = (text: string): void => void masker.maskBody(`token=${text}`, 'text/plain');
  expect(growth(mask, unit, 16 * 1024)).toBeLessThan(6);
});
