// The Helm chart, rendered by Helm itself, against what `install -o yaml` prints: the same objects, field by field. Needs Go, which builds Helm.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isKubeObject, objectName, type KubeObject } from '../../src/core/install/kube-object.ts';
import { changed, defaults } from '../core/install/samples.ts';
import { binary } from '../helpers/cli.ts';
import { describeUnless, lacking } from '../helpers/unless.ts';
import { findGo } from './lab/build-control-plane.ts';
import { buildHelm } from './lab/build-helm.ts';

const chart = join(import.meta.dirname, '..', '..', 'deploy', 'helm', 'api-defense');

function objectsByName(text: string): ReadonlyMap<string, KubeObject> {
  const objects = parseAllDocuments(text)
    .map((document) => document.toJS() as unknown)
    .filter((object) => object !== null);
  expect(objects.filter((object) => !isKubeObject(object))).toEqual([]);
  return new Map(objects.filter(isKubeObject).map((object) => [objectName(object), object]));
}

/** The values of a set of options: version and definitions are the program's own. */
function valuesOf({ namespace, image, agent, hub, ...rest }: typeof defaults): object {
  const { createNamespace, imagePullPolicy, imagePullSecrets, logLevel, aggregatedApi, optOutLabel } = rest;
  const own = { createNamespace, imagePullPolicy, imagePullSecrets, logLevel, aggregatedApi, optOutLabel };
  return { namespace, image, agent, hub, ...own };
}

describeUnless(lacking(findGo() !== undefined, 'there is no Go, which builds Helm'))('the Helm chart', () => {
  let helm = '';
  let folder = '';

  beforeAll(async () => {
    helm = await buildHelm((line) => process.stderr.write(`${line}\n`));
    folder = mkdtempSync(join(tmpdir(), 'helm-chart-'));
    // A build from nothing: two minutes of processor and its downloads, on a machine that may be busy.
  }, 1_200_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Without a cluster Helm has to be told which Kubernetes is meant. */
  const render = (...words: readonly string[]): string =>
    execFileSync(helm, ['template', 'release', chart, '--kube-version', '1.34.4', ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const print = (...words: readonly string[]): string =>
    execFileSync(process.execPath, [binary, 'install', '--dry-run=client', '-o', 'yaml', ...words], {
      encoding: 'utf8',
    });

  test.each([
    ['nothing but the image', { image: defaults.image }],
    ['every value changed', valuesOf(changed)],
    ['lists emptied', { image: 'x', agent: { tolerations: [] }, imagePullSecrets: [] }],
  ])('says the same as install, with %s', (_name, values) => {
    const file = join(folder, 'values.yaml');
    writeFileSync(file, stringify(values, { version: '1.1' }));
    const rendered = objectsByName(render('--values', file));
    const printed = objectsByName(print('--values', file));
    expect([...rendered.keys()].toSorted()).toEqual([...printed.keys()].toSorted());
    expect(printed.size).toBeGreaterThan(20);
    for (const [name, object] of printed) expect(rendered.get(name), name).toEqual(object);
  });

  test.each([
    ['no image', [], '/image'],
    ['an unknown value', ['--set', 'image=x,agent.tapBudget=1'], 'tapBudget'],
    ['a namespace with a quote', ['--set', 'image=x,namespace=a"b'], '/namespace'],
    ['no replica', ['--set', 'image=x,hub.replicas=0'], '/hub/replicas'],
  ])('%s is refused by its schema', (_name, words, named) => {
    expect(() => render(...words)).toThrow(named);
  });
});
