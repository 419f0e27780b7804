// The committed Helm chart against the function it is made from.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { programVersion } from '../../../src/app/program-version.ts';
import { chartFiles } from '../../../src/core/install/chart/chart-files.ts';
import { defaultInstallOptions, installValues } from '../../../src/core/install/install-options.ts';
import { policyDefinitions } from '../../../src/core/install/policy-definitions.ts';
import { definition } from './samples.ts';

const directory = join(import.meta.dirname, '..', '..', '..', 'deploy', 'helm', 'api-defense');
const made = chartFiles(programVersion(), policyDefinitions());

test('deploy/helm/api-defense is up to date: else run `npm run chart`', () => {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1));
  expect(
    Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')])),
  ).toEqual(made);
});

test('values are the defaults of the options, and every option says what it is', () => {
  const text = made['values.yaml'] ?? '';
  expect(parse(text)).toEqual({ ...defaultInstallOptions, image: '' });
  const shapes = [installValues.shape, installValues.shape.agent.shape, installValues.shape.hub.shape];
  for (const [key, schema] of shapes.flatMap((shape) => Object.entries(shape)))
    if (key !== 'agent' && key !== 'hub')
      expect(text).toContain(`# ${z.globalRegistry.get(schema)?.description ?? 'nothing'}`);
});

test('no placeholder is left, and braces of descriptions are no template', () => {
  const text = Object.values(chartFiles('0.1.0', [definition])).join('');
  expect(text).not.toMatch(/%\{|987000/);
  expect(JSON.stringify(policyDefinitions())).not.toMatch(/%\{|987000/);
  expect(text).toContain('/orders/{{ "{{" }}id{{ "}}" }}.');
});
