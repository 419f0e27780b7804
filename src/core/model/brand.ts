// Branded primitives: values that would be easy to mix up, minted here and nowhere else. Knows no other module.

declare const brand: unique symbol;

/** A primitive that carries a compile-time name; it costs nothing at run time. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Milliseconds since the Unix epoch, fractions allowed. */
export type Millis = Brand<number, 'Millis'>;
/** Stable id of one request/response exchange or one opaque connection: `<agent>-<sequence>` in base 36. */
export type FlowId = Brand<string, 'FlowId'>;
/** `namespace/Kind/name`, the one spelling of a workload used as a key. */
export type WorkloadId = Brand<string, 'WorkloadId'>;
/** Name of a policy object, `namespace/name` or `ClusterFlowPolicy/name` (core/policy/policy-name.ts). */
export type PolicyName = Brand<string, 'PolicyName'>;

/** Marks a number as epoch milliseconds. */
export const millis = (value: number): Millis => value as Millis;
/** Marks a string as a flow id. */
export const flowId = (value: string): FlowId => value as FlowId;
/** Marks a string as a workload key. */
export const workloadId = (value: string): WorkloadId => value as WorkloadId;
/** Marks a string as a policy key. */
export const policyName = (value: string): PolicyName => value as PolicyName;
