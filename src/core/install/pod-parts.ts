// Parts that the pods of agents and hub share: environment, labels, selectors of nodes. Knows neither of them.
import type { JsonObject } from './kube-object.ts';
import { installationLabel, selectorOf, type Component } from './names.ts';
import type { BuildOptions } from './with-labels.ts';

/** A variable from the downward API. */
export const fromField = (name: string, fieldPath: string): JsonObject => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
});

/** Where a pod is, who it is, and how much it says. */
export const environment = ({ logLevel }: BuildOptions): readonly JsonObject[] => [
  fromField('NODE_NAME', 'spec.nodeName'),
  fromField('POD_NAME', 'metadata.name'),
  fromField('POD_NAMESPACE', 'metadata.namespace'),
  fromField('POD_UID', 'metadata.uid'),
  fromField('POD_IP', 'status.podIP'),
  { name: 'APIDEFENSE_LOG_LEVEL', value: logLevel },
];

/** Metadata of a pod template: what selects it, whose it is, and the opt-out, since agents that watch themselves never come to rest. */
export const podMeta = (component: Component, { optOutLabel, namespace }: BuildOptions): JsonObject => ({
  labels: {
    ...selectorOf(component),
    [installationLabel]: namespace,
    [optOutLabel.key]: optOutLabel.value,
  },
});

/** What is built is for Linux. */
export const linuxOnly: JsonObject = { 'kubernetes.io/os': 'linux' };

/** An `httpGet` probe of a named port. */
export const httpGet = (path: string, port: string, scheme: 'HTTP' | 'HTTPS' = 'HTTP'): JsonObject => ({
  httpGet: { path, port, scheme },
});
