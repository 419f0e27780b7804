import { expect, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import { readObject } from '../../../src/io/kube/api/kube-object.ts';
import { isDaemonSetGone } from '../../../src/io/kube/pods/own-daemon-set.ts';

const name = { namespace: 'defense', name: 'agent' };
const there = (metadata: object) => () => {
  const object = readObject({ metadata: { ...name, uid: 'u', resourceVersion: '1', ...metadata } });
  if (object === undefined) throw new Error('not an object');
  return Promise.resolve(object);
};
const refusing = (code: string) => () =>
  Promise.reject(new AppError({ code, family: 'notFound', message: 'No.', hint: '' }));

test.each([
  ['that is there', there({}), false],
  ['that is being deleted', there({ deletionTimestamp: '2026-11-30T10:00:00Z' }), true],
  ['that is not there', refusing('KUBE_NOT_FOUND'), true],
  ['whose namespace is not there', refusing('KUBE_NAMESPACE_NOT_FOUND'), true],
  ['that may not be looked at', refusing('KUBE_FORBIDDEN'), false],
  ['while the API server is away', refusing('KUBE_UNREACHABLE'), false],
])('a DaemonSet %s: gone or not', async (_words, get, isGone) => {
  expect(await isDaemonSetGone({ get }, name)).toBe(isGone);
});
