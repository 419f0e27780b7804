// Options of an installation from outside: each one out of bounds is refused by its name.
import { expect, test } from 'vitest';
import { checkInstallOptions, type InstallOptions } from '../../../src/core/install/install-options.ts';
import { changed, defaults } from './samples.ts';

function options({ version, definitions, ...rest }: typeof defaults): InstallOptions {
  expect([version, definitions.length]).toEqual([version, 1]);
  return rest;
}

test.each([options(defaults), options(changed)])('%j can be used', (good) => {
  expect(checkInstallOptions(good)).toBe(good);
});

test.each([
  ['namespace', { namespace: 'Security' }],
  ['namespace', { namespace: '9lives' }],
  ['namespace', { namespace: 'a'.repeat(64) }],
  ['image', { image: '' }],
  ['image', { image: 'a b' }],
  ['image', { image: 'a"b' }],
  ['imagePullPolicy', { imagePullPolicy: 'Sometimes' }],
  ['logLevel', { logLevel: 'loud' }],
  ['optOutLabel.key', { optOutLabel: { key: '/x', value: 'y' } }],
  ['optOutLabel.value', { optOutLabel: { key: 'x', value: '' } }],
  ['agent.tapBudgetMiB', { agent: { ...defaults.agent, tapBudgetMiB: 0.5 } }],
  ['agent.snapshotHostPath', { agent: { ...defaults.agent, snapshotHostPath: '/etc/shadow' } }],
  ['agent.snapshotHostPath', { agent: { ...defaults.agent, snapshotHostPath: '/run/../etc' } }],
  ['agent.tolerations.0.effect', { agent: { ...defaults.agent, tolerations: [{ effect: 'NoRun' }] } }],
  ['hub.replicas', { hub: { ...defaults.hub, replicas: 0 } }],
  ['imagePullSecrets.0.name', { imagePullSecrets: [{ name: 'a/b' }] }],
] as const)('%s is refused: %j', (path, wrong) => {
  expect(() => checkInstallOptions({ ...options(defaults), ...wrong })).toThrow(
    expect.objectContaining({
      code: 'INSTALL_OPTION',
      family: 'usage',
      message: expect.stringContaining(`option ${path} of`) as unknown,
    }),
  );
});
