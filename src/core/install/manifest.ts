// An object to install with what a reader of it should know: reasons beside the lines they are about, and the option it depends on.
import type { KubeObject } from './kube-object.ts';

/** A reason, told as a comment above the line at `path`; an empty path is the top of the object. */
export interface Note {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Options that leave whole objects out. */
export type Condition = 'createNamespace' | 'aggregatedApi';

/** One object of the installation. */
export interface Manifest {
  readonly object: KubeObject;
  readonly notes: readonly Note[];
  /** Installed only with this option. */
  readonly when?: Condition;
}

/** The stages of an installation in their order: what a stage needs is there when the one before it is. */
export const stageNames = [
  'namespace',
  'definitions',
  'rights',
  'state',
  'hub',
  'agents',
  'aggregated-api',
] as const;
/** Name of a stage. */
export type StageName = (typeof stageNames)[number];

/** Objects that are applied together. */
export interface Stage {
  readonly name: StageName;
  /** What is done, for the person who waits. */
  readonly title: string;
  readonly manifests: readonly Manifest[];
}
