// The objects of an installation: that they fit each other, hold no right too many, and read as they did.
import { parseAllDocuments } from 'yaml';
import { describe, expect, test } from 'vitest';
import { agentCapabilities } from '../../../src/core/install/capabilities.ts';
import { allStages, installStages } from '../../../src/core/install/install-stages.ts';
import {
  isJsonList,
  isJsonObject,
  isKubeObject,
  objectName,
  type Json,
  type KubeObject,
} from '../../../src/core/install/kube-object.ts';
import { stageNames } from '../../../src/core/install/manifest.ts';
import { stagesYaml } from '../../../src/core/install/manifest-yaml.ts';
import { installationLabel } from '../../../src/core/install/names.ts';
import { runTimeFields } from '../../../src/core/install/state-objects.ts';
import type { BuildOptions } from '../../../src/core/install/with-labels.ts';
import { changed, defaults, objectsOf } from './samples.ts';

/** The value at a path of fields and indexes; undefined when there is none. */
function at(value: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((inner, field) => {
    if (isJsonList(inner)) return inner[Number(field)];
    return isJsonObject(inner) ? inner[field] : undefined;
  }, value);
}

const list = (value: Json | undefined): readonly Json[] => (isJsonList(value) ? value : []);

/** The texts of a list. */
const texts = (value: Json | undefined): readonly string[] =>
  list(value).filter((each) => typeof each === 'string');

const cases: readonly (readonly [string, BuildOptions])[] = [
  ['defaults', defaults],
  ['changed', changed],
];

describe.each(cases)('with the options %s', (name, options) => {
  const stages = installStages(options);
  const objects = objectsOf(stages);
  const find = (kind: Json | undefined, wanted: Json | undefined): KubeObject | undefined =>
    objects.find((object) => object.kind === kind && object.metadata.name === wanted);
  const workloads = objects.filter(({ kind }) => kind === 'DaemonSet' || kind === 'Deployment');

  test('the YAML is as it was, and says the same as the objects', async () => {
    const text = stagesYaml(stages);
    await expect(text).toMatchFileSnapshot(`golden/${name}.yaml`);
    expect(parseAllDocuments(text).map((document) => document.toJS() as unknown)).toEqual(objects);
  });

  test('it is the same every time, in the order of the stages', () => {
    expect(stagesYaml(installStages(options))).toBe(stagesYaml(stages));
    expect(stages.map((stage) => stage.name)).toEqual(
      stageNames.filter((stage) => stages.some((each) => each.name === stage)),
    );
  });

  test('each object is named once and carries the label of the installation', () => {
    expect(objects.every(isKubeObject)).toBe(true);
    expect(new Set(objects.map(objectName)).size).toBe(objects.length);
    for (const { metadata } of objects) expect(metadata.labels?.[installationLabel]).toBe(options.namespace);
  });

  test('no rule has a wildcard, and each says why it is there', () => {
    const roles = stages
      .flatMap(({ manifests }) => manifests)
      .filter(({ object }) => list(object['rules']).length > 0);
    expect(roles.length).toBeGreaterThan(7);
    for (const { object, notes } of roles) {
      expect(JSON.stringify(object['rules'])).not.toContain('*');
      for (const index of list(object['rules']).keys())
        expect(notes.filter(({ path }) => path[1] === index).map(({ text }) => text)).toEqual([
          expect.stringMatching(/^[A-Z].+\.$/),
        ]);
      for (const rule of list(object['rules']))
        for (const part of ['apiGroups', 'resources', 'verbs']) expect(list(at(rule, part))).not.toEqual([]);
    }
  });

  test('no Secret can be read but our own, no policy written by a ServiceAccount, nothing escalated', () => {
    const bound = objects.filter(
      ({ kind, metadata }) => /Role$/.test(kind) && /-(agent|hub)/.test(metadata.name),
    );
    expect(bound.length).toBeGreaterThan(3);
    for (const rule of bound.flatMap((role) => list(role['rules']))) {
      const resources = texts(at(rule, 'resources'));
      if (resources.includes('secrets')) expect(list(at(rule, 'resourceNames'))).toEqual(['apidefense-ca']);
      if (resources.includes('flowpolicies'))
        expect(texts(at(rule, 'verbs')).filter((verb) => !['get', 'list', 'watch'].includes(verb))).toEqual(
          [],
        );
      for (const verb of ['escalate', 'bind', 'impersonate', 'delete', 'deletecollection'])
        expect(texts(at(rule, 'verbs'))).not.toContain(verb);
      for (const danger of ['pods/exec', 'pods/ephemeralcontainers', 'nodes/proxy', 'serviceaccounts/token'])
        expect(resources).not.toContain(danger);
    }
  });

  test('bindings name roles and accounts that are there', () => {
    for (const binding of objects.filter(({ kind }) => kind.endsWith('Binding'))) {
      const role = at(binding, 'roleRef.name');
      if (role !== 'extension-apiserver-authentication-reader')
        expect(find(at(binding, 'roleRef.kind'), role)).toBeDefined();
      expect(find('ServiceAccount', at(binding, 'subjects.0.name'))).toBeDefined();
      expect(at(binding, 'subjects.0.namespace')).toBe(options.namespace);
    }
  });

  test('workloads select their own pods and use accounts, volumes, priorities and objects that are there', () => {
    expect(workloads.map(({ kind }) => kind)).toEqual(['Deployment', 'DaemonSet']);
    for (const workload of workloads) {
      const template = at(workload, 'spec.template');
      expect(at(template, 'metadata.labels')).toMatchObject(
        at(workload, 'spec.selector.matchLabels') as object,
      );
      expect(at(template, 'metadata.labels')).toMatchObject({
        [options.optOutLabel.key]: options.optOutLabel.value,
      });
      expect(find('ServiceAccount', at(template, 'spec.serviceAccountName'))).toBeDefined();
      expect(find('PriorityClass', at(template, 'spec.priorityClassName'))).toBeDefined();
      const volumes = list(at(template, 'spec.volumes'));
      expect(volumes.map((volume) => at(volume, 'name'))).toEqual(
        list(at(template, 'spec.containers.0.volumeMounts')).map((mount) => at(mount, 'name')),
      );
      for (const volume of volumes) {
        const config = at(volume, 'configMap.name');
        if (config !== undefined) expect(find('ConfigMap', config)).toBeDefined();
      }
    }
  });

  test('ports agree from the APIService to the container, and probes ask ports that are open', () => {
    const service = find('Service', 'apidefense-hub');
    const hub = find('Deployment', 'apidefense-hub');
    const open = at(hub, 'spec.template.spec.containers.0.ports.0');
    expect(at(service, 'spec.selector')).toEqual(at(hub, 'spec.selector.matchLabels'));
    expect(at(service, 'spec.ports.0.targetPort')).toBe(at(open, 'name'));
    expect(at(open, 'containerPort')).toBe(10_250);
    expect(at(find('NetworkPolicy', 'apidefense-hub'), 'spec.ingress.0.ports.0.port')).toBe(10_250);
    const api = find('APIService', 'v1alpha1.live.apidefense.dev');
    expect(api === undefined).toBe(!options.aggregatedApi);
    if (api !== undefined)
      expect(at(api, 'spec.service')).toEqual({
        name: 'apidefense-hub',
        namespace: options.namespace,
        port: at(service, 'spec.ports.0.port'),
      });
    for (const workload of workloads) {
      const container = at(workload, 'spec.template.spec.containers.0');
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
        expect(at(container, `${probe}.httpGet.port`)).toBe(at(container, 'ports.0.name'));
    }
  });

  test('nothing is privileged, in the host, or able to become more; capabilities are the three', () => {
    for (const workload of workloads) {
      const pod = at(workload, 'spec.template.spec');
      for (const field of ['hostPID', 'hostNetwork', 'hostIPC', 'shareProcessNamespace'])
        expect(at(pod, field)).toBeUndefined();
      const security = at(pod, 'containers.0.securityContext');
      expect(security).toMatchObject({
        privileged: false,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(at(security, 'capabilities.drop')).toEqual(['ALL']);
      const added = workload.kind === 'DaemonSet' ? ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN'] : [];
      expect(list(at(security, 'capabilities.add'))).toEqual(added);
    }
    expect(agentCapabilities.map((each) => each.name)).toEqual(['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN']);
    const paths = list(at(find('DaemonSet', 'apidefense-agent'), 'spec.template.spec.volumes')).flatMap(
      (volume) => at(volume, 'hostPath.path') ?? [],
    );
    expect(paths).toEqual(['/run/netns', '/proc/sys/net', options.agent.snapshotHostPath]);
  });

  test('fields that are filled at run-time are in nobody’s field set', () => {
    for (const { kind, name: called, field } of runTimeFields) {
      const object = find(kind, called);
      expect(object === undefined).toBe(kind === 'APIService' && !options.aggregatedApi);
      expect(at(object, field), `${kind} ${field}`).toBeUndefined();
    }
  });
});

test('options leave objects out, and only whole ones', () => {
  const all = objectsOf(allStages(changed)).map(objectName);
  const some = objectsOf(installStages(changed)).map(objectName);
  expect(all.filter((name) => !some.includes(name))).toEqual([
    'Namespace security',
    'ClusterRole apidefense-hub-aggregation',
    'ClusterRoleBinding apidefense-hub-aggregation',
    'APIService v1alpha1.live.apidefense.dev',
  ]);
});

test('definitions keep what they say of themselves, get our labels, and are left by Helm', () => {
  const found = objectsOf(installStages(defaults)).find(({ kind }) => kind === 'CustomResourceDefinition');
  expect(found?.metadata.annotations).toEqual({ kept: 'yes', 'helm.sh/resource-policy': 'keep' });
  expect(found?.metadata.labels?.[installationLabel]).toBe('apidefense-system');
});

test('a note about a line that is not there is our own bug, and thrown', () => {
  const [stage] = installStages(defaults);
  const manifests = stage!.manifests.map((each) => ({
    ...each,
    notes: [{ path: ['spec', 'gone'], text: 'x' }],
  }));
  expect(() => stagesYaml([{ ...stage!, manifests }])).toThrow('spec.gone');
});
