// Our CustomResourceDefinitions on a real API server: installed as they are committed, asked about each object of test/cases/crd, and
// compared with our own check on hostile texts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { crdFiles } from '../../src/core/crd/crd-files.ts';
import { parseCidr } from '../../src/core/policy/ip-address.ts';
import { parsePathPattern } from '../../src/core/policy/path-pattern.ts';
import { crdCases, type CrdCase } from '../helpers/crd-cases.ts';
import { describeUnless } from '../helpers/unless.ts';
import { apiRequest, type ApiAnswer } from './lab/api-request.ts';
import { configOf, makeNamespace, noLab, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';

const group = '/apis/apidefense.dev/v1alpha1';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const manager = 'fieldManager=api-defense-tests&fieldValidation=Strict';
const apply = 'application/apply-patch+yaml';

const refusalSchema = z.object({
  message: z.string(),
  details: z.object({ causes: z.array(z.object({ field: z.string().optional() })).optional() }).optional(),
});
const definitionSchema = z.object({
  metadata: z.object({ name: z.string() }),
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).optional() }),
});

// Only in a lab: removing the definitions from somebody's own cluster would remove that somebody's policies.
describeUnless(noLab)('the CustomResourceDefinitions', () => {
  let config: KubeConfig;
  let own: OwnNamespace | undefined;
  let namespace: string;

  beforeAll(async () => {
    config = configOf(await sharedCluster());
    own = await makeNamespace(config, 'crd');
    namespace = own.name;
    for (const name of Object.keys(crdFiles())) {
      const body = readFileSync(join(import.meta.dirname, '..', '..', 'deploy', 'crds', name), 'utf8');
      const path = `${definitions}/${name.replace('.yaml', '')}?${manager}&force=true`;
      const answer = await apiRequest(config, { method: 'PATCH', path, body, contentType: apply });
      // A schema that is not structural, and CEL that would cost too much, are refused here.
      expect([200, 201], JSON.stringify(answer.value)).toContain(answer.code);
    }
    for (const plural of ['flowpolicies', 'clusterflowpolicies'])
      await vi.waitFor(
        async () =>
          expect(await apiRequest(config, { path: `${group}/${plural}` })).toMatchObject({ code: 200 }),
        { timeout: 60_000, interval: 50 },
      );
  });
  afterAll(async () => {
    for (const name of Object.keys(crdFiles()))
      await apiRequest(config, { method: 'DELETE', path: `${definitions}/${name.replace('.yaml', '')}` });
    await own?.[Symbol.asyncDispose]();
  });

  const inOwnNamespace = ({ kind, object }: CrdCase): Readonly<Record<string, unknown>> => ({
    ...object,
    metadata: {
      ...z.record(z.string(), z.unknown()).parse(object['metadata']),
      ...(kind === 'FlowPolicy' && { namespace }),
    },
  });
  const collectionOf = (kind: CrdCase['kind']): string =>
    kind === 'FlowPolicy' ? `${group}/namespaces/${namespace}/flowpolicies` : `${group}/clusterflowpolicies`;
  const create = (kind: CrdCase['kind'], body: unknown): Promise<ApiAnswer> =>
    apiRequest(config, { method: 'POST', path: `${collectionOf(kind)}?dryRun=All&${manager}`, body });

  test.each(Object.keys(crdFiles()))('%s is established, and its schema structural', async (name) => {
    const path = `${definitions}/${name.replace('.yaml', '')}`;
    const conditions = async (): Promise<Record<string, string>> => {
      const { status } = definitionSchema.parse((await apiRequest(config, { path })).value);
      return Object.fromEntries(
        (status.conditions ?? []).map((condition) => [condition.type, condition.status]),
      );
    };
    await expect.poll(conditions).toEqual({ NamesAccepted: 'True', Established: 'True' });
  });

  describe('says of', () => {
    test.each(crdCases().map((row) => [row.name, row] as const))('%s', async (_, row) => {
      const object = inOwnNamespace(row);
      const answer = await create(row.kind, object);
      const name = z.object({ name: z.string() }).parse(object['metadata']).name;
      const applied = await apiRequest(config, {
        method: 'PATCH',
        path: `${collectionOf(row.kind)}/${name}?dryRun=All&${manager}`,
        body: object,
        contentType: apply,
      });
      const wanted = row.refused?.server;
      if (wanted === undefined) {
        expect(answer, JSON.stringify(answer.value)).toMatchObject({ code: 201, value: object });
        expect(applied, JSON.stringify(applied.value)).toMatchObject({ code: 201, value: object });
        return;
      }
      expect(answer.code, JSON.stringify(answer.value)).toBe(422);
      expect(refusalSchema.parse(answer.value).message).toContain(wanted);
      expect(applied.code, JSON.stringify(applied.value)).toBeGreaterThanOrEqual(400);
    });
  });

  const policy = (spec: Readonly<Record<string, unknown>>, name = 'p') => ({
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: { name, namespace },
    spec: {
      mode: 'Enforce',
      from: { scope: 'All' },
      to: { scope: 'All' },
      action: { type: 'Block' },
      ...spec,
    },
  });

  /** Places of `texts` that the API server refuses when they stand in the list `field`. */
  async function refusedPlaces(body: unknown, field: string): Promise<ReadonlySet<number>> {
    const answer = await create('FlowPolicy', body);
    if (answer.code === 201) return new Set();
    const causes = refusalSchema.parse(answer.value).details?.causes ?? [];
    return new Set(
      causes.map(({ field: place = '' }) => {
        const index = place.startsWith(`${field}[`)
          ? /^\[(\d+)\]/.exec(place.slice(field.length))?.[1]
          : undefined;
        if (index === undefined) throw new Error(`The API server refuses something else: ${place}`);
        return Number(index);
      }),
    );
  }

  const textsOf = (parts: readonly string[]): fc.Arbitrary<string[]> =>
    fc.array(
      fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 8 }).map((found) => found.join('')),
      {
        minLength: 32,
        maxLength: 64,
      },
    );

  test('a path template is refused by the API server when, and but for UTF-8 only when, we refuse it', async () => {
    const parts = [
      '/',
      '/',
      '/',
      'a',
      '.',
      '..',
      '{id}',
      '{',
      '}',
      '{a b}',
      '{%00}',
      '*',
      '**',
      '%2e',
      '%2F',
      '%5c',
      '\\',
    ];
    const oddParts = [
      '%00',
      '%1f',
      '%7F',
      '\u0001',
      '\u007f',
      '%ff',
      '%',
      'é',
      ' ',
      '?',
      '#',
      '//',
      '/../',
      '\n',
    ];
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(textsOf([...parts, ...parts, ...oddParts]), async (tails) => {
        const paths = tails.map((tail, at) => (at % 8 === 0 ? tail : `/${tail}`));
        const places = await refusedPlaces(policy({ match: { http: { paths } } }), 'spec.match.http.paths');
        refused += places.size;
        for (const [at, path] of paths.entries()) {
          const ours = parsePathPattern(path);
          if (places.has(at)) expect({ path, ok: ours.ok }).toEqual({ path, ok: false });
          else if (!ours.ok) expect(`${JSON.stringify(path)} ${ours.message}`).toMatch(/not UTF-8/);
        }
      }),
      { numRuns: 20 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  test('a CIDR block is refused by the API server when, and but for mapped addresses only when, we refuse it', async () => {
    const parts = [
      '10.',
      '0.',
      '255.',
      '256',
      '7',
      '01',
      '::',
      ':',
      'fd00',
      'FFFF',
      'ffff:',
      '/',
      '/8',
      '/32',
      '/33',
    ];
    const oddParts = [
      '/128',
      '/129',
      '/08',
      '/0',
      '%eth0',
      '[',
      ']',
      '10.0.0.0',
      '1:2:3:4:5:6:7:8',
      ' ',
      '-1',
    ];
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(textsOf([...parts, ...oddParts]), async (blocks) => {
        const peers = blocks.map((cidr, at) => ({ cidr: at === 0 ? '10.0.0.0/8' : cidr.slice(0, 64) }));
        const places = await refusedPlaces(policy({ from: { peers } }), 'spec.from.peers');
        refused += places.size;
        for (const [at, { cidr }] of peers.entries()) {
          const ours = parseCidr(cidr) !== undefined;
          if (places.has(at)) expect({ cidr, ours }).toEqual({ cidr, ours: false });
          else if (!ours) expect(cidr).toMatch(/:ffff:/i);
        }
      }),
      { numRuns: 20 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  test('the largest object is within what CEL may cost', async () => {
    const many = <T>(count: number, make: (at: number) => T): T[] =>
      Array.from({ length: count }, (_, at) => make(at));
    const labels = Object.fromEntries(
      many(16, (at) => [`${'l'.repeat(200)}.io/${'k'.repeat(60)}${at}`, 'v'.repeat(63)]),
    );
    const peers = many(64, (at) => ({
      workload: { kind: 'K'.repeat(63), name: `${'w'.repeat(250)}${at}`, namespace },
      serviceAccount: { name: `${'s'.repeat(250)}${at}`, namespace },
      ...{ namespace, labels, cidr: '2001:db8:1111:2222:3333:4444:5555:6666/128', minAssurance: 'Token' },
    }));
    const http = {
      methods: many(16, (at) => `${'M'.repeat(30)}${at}`),
      hosts: many(64, (at) => `*.${'h.'.repeat(120)}${at}`),
      paths: many(64, (at) => `${'/abcdefg'.repeat(126)}/{p}/${at}/**`),
      headers: many(16, (at) => ({
        name: `x-${'h'.repeat(120)}${at}`,
        values: many(64, () => 'v'.repeat(100)),
      })),
    };
    const answer = await create('FlowPolicy', policy({ from: { peers }, to: { peers }, match: { http } }));
    expect(answer.code, JSON.stringify(answer.value).slice(0, 2000)).toBe(201);
  });

  test('kubectl explain has a sentence for every field', async () => {
    const published = async (): Promise<Record<string, unknown>> => {
      const { value } = await apiRequest(config, { path: `/openapi/v3${group}` });
      return openApiSchema.parse(value).components.schemas;
    };
    await expect.poll(published).toHaveProperty(['dev.apidefense.v1alpha1.ClusterFlowPolicy']);
    const schemas = await published();
    for (const kind of ['FlowPolicy', 'ClusterFlowPolicy']) {
      const fields = fieldsBelow(kind, schemas[`dev.apidefense.v1alpha1.${kind}`]);
      expect(fields.length).toBeGreaterThan(40);
      expect(fields.filter(({ description }) => description === '').map(({ path }) => path)).toEqual([]);
    }
  });

  test('both kinds go by their short names and their category', async () => {
    const { value } = await apiRequest(config, { path: group });
    expect(value).toMatchObject({
      resources: expect.arrayContaining([
        expect.objectContaining({
          name: 'flowpolicies',
          shortNames: ['fp'],
          categories: ['apidefense'],
          namespaced: true,
        }),
        expect.objectContaining({
          name: 'clusterflowpolicies',
          shortNames: ['cfp'],
          categories: ['apidefense'],
          namespaced: false,
        }),
        expect.objectContaining({ name: 'flowpolicies/status' }),
      ]) as unknown,
    });
  });

  test('kubectl get shows what it does, to whom and where it stands; a status moves no generation', async () => {
    const path = collectionOf('FlowPolicy');
    const made = await apiRequest(config, {
      method: 'POST',
      path,
      body: policy({ reason: 'enumerates order ids', expiresAt: '2099-11-23T03:30:00Z' }, 'shown'),
    });
    expect(made.code).toBe(201);
    const generation = z.object({ metadata: z.object({ generation: z.int() }) }).parse(made.value)
      .metadata.generation;
    const accepted = {
      type: 'Accepted',
      ...{ status: 'True', reason: 'Accepted', message: '', observedGeneration: generation },
      lastTransitionTime: '2026-11-23T03:30:00Z',
    };
    const status = {
      from: 'Deployment/scanner',
      to: 'Deployment/orders:8080',
      enforced: '2/2',
      conditions: [accepted],
    };
    const patch = (value: unknown): Promise<ApiAnswer> =>
      apiRequest(config, {
        method: 'PATCH',
        path: `${path}/shown/status?${manager}`,
        body: { status: value },
        contentType: 'application/merge-patch+json',
      });
    expect(await patch(status)).toMatchObject({ code: 200, value: { status, metadata: { generation } } });
    expect(await patch({ conditions: [accepted, accepted] })).toMatchObject({ code: 422 });
    const table = await apiRequest(config, { path, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    const { columnDefinitions, rows } = tableSchema.parse(table.value);
    const cells = rows.find(({ cells: [name] }) => name === 'shown')?.cells ?? [];
    const shown = Object.fromEntries(columnDefinitions.map(({ name }, at) => [name, cells[at]]));
    expect(shown).toMatchObject({
      Name: 'shown',
      Action: 'Block',
      Mode: 'Enforce',
      From: 'Deployment/scanner',
      To: 'Deployment/orders:8080',
      Enforced: '2/2',
      Expires: '2099-11-23T03:30:00Z',
      Accepted: 'Accepted',
      Reason: 'enumerates order ids',
    });
    expect(columnDefinitions.filter(({ priority }) => priority === 0).map(({ name }) => name)).toEqual([
      'Name',
      'Action',
      'Mode',
      'From',
      'To',
      'Enforced',
      'Expires',
      'Age',
    ]);
    expect(await apiRequest(config, { method: 'DELETE', path: `${path}/shown` })).toMatchObject({
      code: 200,
    });
  });
});

const openApiSchema = z.object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) });
const tableSchema = z.object({
  columnDefinitions: z.array(z.object({ name: z.string(), priority: z.number() })),
  rows: z.array(z.object({ cells: z.array(z.unknown()) })),
});
const nodeSchema = z.object({
  description: z.string().default(''),
  properties: z.record(z.string(), z.unknown()).default({}),
  items: z.unknown().optional(),
});

/** Every field below a published schema, with its description; metadata is described by the API server. */
function fieldsBelow(
  path: string,
  value: unknown,
): { readonly path: string; readonly description: string }[] {
  const node = nodeSchema.parse(value);
  const inner = Object.entries(node.properties).flatMap(([name, field]) => {
    const { description } = nodeSchema.parse(field);
    return [{ path: `${path}.${name}`, description }, ...fieldsBelow(`${path}.${name}`, field)];
  });
  return node.items === undefined ? inner : [...inner, ...fieldsBelow(`${path}[]`, node.items)];
}
