// Progress pod by pod: what is new, once, with node and reason.
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/core/install/kube-object.ts';
import { createPodNews, problemsOf } from '../../../../src/core/install/progress/pod-news.ts';
import { podStateOf, type PodState } from '../../../../src/core/install/progress/pod-state.ts';

const pod = (name: string, status: JsonObject, nodeName = 'n1', deleted = false): PodState =>
  podStateOf({
    ...{ apiVersion: 'v1', kind: 'Pod', spec: { nodeName, containers: [{ image: 'i:1' }] }, status },
    metadata: { name, ...{ uid: `u-${name}` }, ...(deleted ? { deletionTimestamp: 'now' } : {}) },
  });
const ready: JsonObject = { conditions: [{ type: 'Ready', status: 'True' }] };
const waits = (reason: string, more: JsonObject = {}): JsonObject => ({
  containerStatuses: [{ state: { waiting: { reason, message: 'why.' } }, ...more }],
});

test('what was ready before is no news, what becomes ready is told once with its node', () => {
  const news = createPodNews();
  expect(news.news([pod('old', ready)])).toEqual([]);
  expect(news.news([pod('old', ready), pod('new', {})])).toEqual([]);
  expect(news.news([pod('old', ready), pod('new', ready, 'n2')])).toEqual(['n2: new is ready']);
  expect(news.news([pod('new', ready, 'n2')])).toEqual([]);
});

test('what is in the way is told, and again when it is something else', () => {
  const news = createPodNews();
  news.news([]);
  expect(news.news([pod('a', waits('ContainerCreating'))])).toEqual([]);
  expect(news.news([pod('a', waits('ErrImagePull'))])).toEqual(['n1: a: ErrImagePull: why']);
  expect(news.news([pod('a', waits('ErrImagePull'))])).toEqual([]);
  const last = { lastState: { terminated: { exitCode: 70 } } };
  expect(news.news([pod('a', waits('CrashLoopBackOff', last))])).toEqual([
    'n1: a: CrashLoopBackOff: why; it ended with status 70',
  ]);
});

test('a pod that no node takes says so; one that leaves is no news', () => {
  const unscheduled = {
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/2 nodes.' }],
  };
  expect(problemsOf([pod('a', unscheduled, ''), pod('b', ready)])).toEqual([
    'no node yet: a: Unschedulable: 0/2 nodes',
  ]);
  const news = createPodNews();
  news.news([]);
  expect(news.news([pod('a', ready, 'n1', true)])).toEqual([]);
});

test('how a container ended is known, and what a pod asks for', () => {
  const ended = { containerStatuses: [{ state: { terminated: { exitCode: 0 } } }] };
  expect(pod('a', ended)).toMatchObject({ ended: 0, image: 'i:1', ready: false });
  expect(pod('a', ready).ended).toBeUndefined();
});
