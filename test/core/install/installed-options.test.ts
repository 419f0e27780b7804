// What is installed says how it was made: whatever was chosen is read back from the objects, so that an upgrade keeps it.
import { expect, test } from 'vitest';
import { installStages } from '../../../src/core/install/install-stages.ts';
import {
  installedOptions,
  installedVersion,
  type TellingObjects,
} from '../../../src/core/install/installed-options.ts';
import { checkInstallOptions } from '../../../src/core/install/install-options.ts';
import type { BuildOptions } from '../../../src/core/install/with-labels.ts';
import { changed, defaults, objectsOf } from './samples.ts';

function telling(options: BuildOptions): TellingObjects {
  const objects = objectsOf(installStages(options));
  const of = (kind: string) => objects.find((object) => object.kind === kind);
  return {
    ...{ daemonSet: of('DaemonSet'), deployment: of('Deployment') },
    ...{ namespace: of('Namespace'), apiService: of('APIService') },
  };
}

test.each([
  ['defaults', defaults],
  ['everything changed', changed],
  ['one thing changed', { ...defaults, aggregatedApi: false }],
])('what was installed with %s is read back whole', (_name, options) => {
  const objects = telling(options);
  const read = checkInstallOptions(installedOptions(options.namespace, objects));
  const { version, definitions } = options;
  expect({ ...read, version, definitions }).toEqual(options);
  expect(installedVersion(objects)).toBe(version);
});

test('what is not there is left to the defaults, and a namespace of somebody else is not made ours', () => {
  const { deployment } = telling(changed);
  const read = installedOptions('security', { deployment });
  expect(read).toMatchObject({ image: changed.image, createNamespace: false, hub: changed.hub, agent: {} });
  expect(read).not.toHaveProperty('optOutLabel');
  expect(installedOptions('a', {})).toEqual({
    ...{ namespace: 'a', createNamespace: false, aggregatedApi: false, imagePullSecrets: [] },
    ...{ agent: {}, hub: {} },
  });
  expect(installedVersion({})).toBe('');
});
