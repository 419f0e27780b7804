// Who calls and who is called: peers, and the two sides of a policy. Knows no HTTP and no action.
import { z } from 'zod';
import { parseCidr } from './ip-address.ts';
import { dnsLabel, labelKey, labelValue, objectName } from './schema-texts.ts';
import { serverMeta, type ServerRule } from './server-rules.ts';

/** More conditions than this on one peer select by accident, not by meaning. */
const maxLabels = 16;
const maxPeers = 64;
const maxPorts = 64;

const cidrSays = 'must be a CIDR block such as 10.0.0.0/8 or fd00::/8';
/** `isCIDR` refuses IPv4 mapped into IPv6, which agents read as IPv4: what looks like it is left to them. */
const cidrRule: ServerRule = {
  rule: 'isCIDR(self) || self.matches("(?i)^[0:]*:ffff:[0-9a-f.:]+/(9[6-9]|1[01][0-9]|12[0-8])$")',
  message: cidrSays,
};
const cidr = z
  .string()
  .max(64)
  .refine((text) => parseCidr(text) !== undefined, cidrSays)
  .register(serverMeta, { rules: [cidrRule] });

const labels = z
  .record(labelKey, labelValue)
  .refine((map) => Object.keys(map).length > 0, 'needs at least one label')
  .refine((map) => Object.keys(map).length <= maxLabels, `may hold ${maxLabels} labels at most`)
  .meta({ minProperties: 1, maxProperties: maxLabels })
  .register(serverMeta, { says: 'must have label names as Kubernetes has them' });

const ownNamespace =
  'Unset: the peer’s namespace, else a FlowPolicy’s own; a ClusterFlowPolicy has none and says which.';

const peerFields = z.strictObject({
  workload: z
    .strictObject({
      kind: z
        .string()
        .min(1)
        .max(63)
        .optional()
        .describe(
          'Kind of the owner, such as Deployment, StatefulSet, DaemonSet or CronJob. Unset: any kind.',
        ),
      name: objectName.describe('Name of the owner, such as orders.'),
      namespace: dnsLabel.optional().describe(`Namespace of the owner. ${ownNamespace}`),
    })
    .optional()
    .describe('What owns the pod: its Deployment, StatefulSet, DaemonSet, CronJob or the like.'),
  namespace: dnsLabel.optional().describe('All pods of this namespace, or those of the other parts in it.'),
  serviceAccount: z
    .strictObject({
      name: objectName.describe('Name of the ServiceAccount.'),
      namespace: dnsLabel.optional().describe(`Namespace of the ServiceAccount. ${ownNamespace}`),
    })
    .optional()
    .describe('The ServiceAccount that the pod runs as.'),
  labels: labels
    .optional()
    .describe(
      'Labels of the pod; all must be there with these values. Without a namespace beside them: in a FlowPolicy’s own; a ClusterFlowPolicy says which.',
    ),
  cidr: cidr
    .optional()
    .describe(
      'A block of addresses, such as 10.0.0.0/8 or fd00::/8. For hosts that are no pods; pods’ addresses change.',
    ),
  minAssurance: z
    .enum(['IP', 'MTLS', 'Token'])
    .optional()
    .describe(
      'How surely the peer must be known: IP by its address, MTLS by a certificate, Token by a credential. Unset: IP.',
    ),
});

const nobodySays =
  'needs one of workload, namespace, serviceAccount, labels or cidr; for everyone write `scope: All`';
const someoneRule: ServerRule = {
  rule: 'has(self.workload) || has(self.__namespace__) || has(self.serviceAccount) || has(self.labels) || has(self.cidr)',
  message: nobodySays,
  reason: 'FieldValueRequired',
};
const peerSays =
  'One way to say who: all parts that are given must hold. At least one besides minAssurance is needed.';

/** One way to say who: every given part must hold. At least one part is required. */
export const peerSchema = peerFields
  .refine(
    (peer) => peer.workload ?? peer.namespace ?? peer.serviceAccount ?? peer.labels ?? peer.cidr,
    nobodySays,
  )
  .describe(peerSays)
  .register(serverMeta, { rules: [someoneRule] });

const placelessSays =
  'needs a namespace: a ClusterFlowPolicy has none of its own, so workload and serviceAccount name theirs, and labels stand beside one';
const placedRule: ServerRule = {
  rule: 'has(self.__namespace__) || ((!has(self.workload) || has(self.workload.__namespace__)) && (!has(self.serviceAccount) || has(self.serviceAccount.__namespace__)) && (!has(self.labels) || has(self.workload) || has(self.serviceAccount)))',
  message: placelessSays,
  reason: 'FieldValueRequired',
};

/** A peer of a ClusterFlowPolicy, which has no namespace of its own to mean. */
export const clusterPeerSchema = peerSchema
  .refine(({ namespace, workload, serviceAccount, labels: wanted }) => {
    if (namespace !== undefined) return true;
    if (workload !== undefined && workload.namespace === undefined) return false;
    if (serviceAccount !== undefined && serviceAccount.namespace === undefined) return false;
    return wanted === undefined || workload !== undefined || serviceAccount !== undefined;
  }, placelessSays)
  .register(serverMeta, { rules: [someoneRule, placedRule] });

const everyone = z.strictObject({
  scope: z
    .literal('All')
    .describe('All means everyone, in so many words. Either this or peers; an empty list is never everyone.'),
});
const peerList = (peer: typeof peerSchema): z.ZodArray<typeof peerSchema> =>
  z.array(peer).min(1).max(maxPeers);

const eitherRules: readonly ServerRule[] = [
  {
    rule: 'has(self.scope) || has(self.peers)',
    message: 'says nobody: it needs a list of peers, or `scope: All` for everyone in so many words',
    reason: 'FieldValueRequired',
  },
  {
    rule: '!(has(self.scope) && has(self.peers))',
    message: 'has both `scope: All` and peers: leave out one of them',
    reason: 'FieldValueForbidden',
  },
];
const portsRule: ServerRule = {
  rule: '!has(self.ports) || has(self.peers) || !has(self.scope)',
  message: 'narrows peers and has no meaning beside `scope: All`: name the destinations, or leave ports out',
  fieldPath: '.ports',
  reason: 'FieldValueForbidden',
};

/** Who calls: a list of peers (any of them), or everyone in so many words. */
export const sourceSchema = (peer: typeof peerSchema) =>
  z
    .union([
      everyone,
      z.strictObject({ peers: peerList(peer).describe('Callers, any of them. Either this or scope.') }),
    ])
    .describe('Who calls: a list of peers, or `scope: All` for everyone.')
    .register(serverMeta, { rules: eitherRules });

/** Who is called; `ports` narrows to destination ports. */
export const destinationSchema = (peer: typeof peerSchema) =>
  z
    .union([
      everyone,
      z.strictObject({
        peers: peerList(peer).describe('Destinations, any of them. Either this or scope.'),
        ports: z
          .array(z.number().int().min(1).max(65535).describe('A port of the destination’s pods.'))
          .min(1)
          .max(maxPorts)
          .optional()
          .describe('Destination ports, as the pod listens on them, not as a Service maps them. Unset: all.'),
      }),
    ])
    .describe('Who is called: a list of peers and, if need be, ports, or `scope: All` for everyone.')
    .register(serverMeta, { rules: [...eitherRules, portsRule] });

/** One way to say who, checked. */
export type Peer = Readonly<z.infer<typeof peerSchema>>;
