// The file of pods, peers and Services as a checked inventory: strict, like policies, because a field that is not understood could mean
// whom to protect. The caller reads the YAML, and turns `path` into a line.
import { z } from 'zod';
import type { LocalPod, NodeInventory, RemotePeer, ServiceAddress } from '../model/pod.ts';
import { nearest } from '../filter/nearest.ts';
import { knownFields } from '../policy/known-fields.ts';
import { parseAddress } from '../policy/ip-address.ts';
import { spellPath } from '../policy/parse-policy.ts';
import { addressKey } from './address-block.ts';
import { valueAt } from '../policy/value-at.ts';

/** The inventory, or the first thing wrong with it: a sentence, and where. */
export type ParsedInventory =
  | { readonly ok: true; readonly inventory: NodeInventory }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly path: readonly (string | number)[];
    };

/** More in one file is no node. */
const limits = {
  pods: 1_000,
  peers: 100_000,
  services: 20_000,
  addresses: 16,
  ports: 256,
  labels: 64,
} as const;

const name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a lower-case DNS name of at most 253 characters');
const namespace = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a lower-case DNS label of at most 63 characters');
const uid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a UID as Kubernetes gives them');
const workload = z.strictObject({
  kind: z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,62}$/, 'must be a kind such as Deployment'),
  name,
});
const address = z
  .string()
  .max(45)
  .refine(
    (text) => !text.includes('%') && !text.includes('[') && parseAddress(text) !== undefined,
    'must be an IPv4 or IPv6 address without port',
  );
const port = z.number().int().min(1).max(65_535);
const addresses = z.array(address).min(1).max(limits.addresses);
const shared = {
  ...{ name, namespace, workload, addresses },
  serviceAccount: name.optional(),
  ports: z.array(port).max(limits.ports).optional(),
  labels: z
    .record(z.string().max(317), z.string().max(63))
    .refine(
      (labels) => Object.keys(labels).length <= limits.labels,
      `may hold ${limits.labels} labels at most`,
    )
    .optional(),
};

/** What `--pods FILE` holds. */
export const inventorySchema = z.strictObject({
  pods: z
    .array(z.strictObject({ ...shared, hostNetwork: z.boolean().optional(), uid: uid.optional() }))
    .max(limits.pods)
    .optional(),
  peers: z
    .array(z.strictObject({ ...shared, enrolled: z.boolean().optional() }))
    .max(limits.peers)
    .optional(),
  services: z
    .array(
      z.strictObject({
        ...{ name, namespace, workload, addresses },
        ports: z
          .array(z.strictObject({ port, targetPort: port.optional() }))
          .max(limits.ports)
          .optional(),
      }),
    )
    .max(limits.services)
    .optional(),
});

type Written = z.infer<typeof inventorySchema>;

/** Never throws. Nobody is `{pods: []}`: nothing at all is a file that was not written. */
export function parseInventory(value: unknown): ParsedInventory {
  const parsed = inventorySchema.safeParse(value);
  if (!parsed.success) return rejectionOf(parsed.error.issues, value);
  const inventory = inventoryOf(parsed.data);
  return twice(inventory) ?? { ok: true, inventory };
}

function inventoryOf({ pods = [], peers = [], services = [] }: Written): NodeInventory {
  return {
    pods: pods.map(({ uid: id, hostNetwork = false, ...pod }): LocalPod => ({
      ...identityOf(pod),
      hostNetwork,
      ...(id === undefined ? {} : { uid: id }),
    })),
    peers: peers.map((peer): RemotePeer => ({ ...identityOf(peer), enrolled: peer.enrolled ?? false })),
    services: services.map((service): ServiceAddress => ({
      ...service,
      workload: { ...service.workload, namespace: service.namespace },
      ports: (service.ports ?? []).map(({ port: own, targetPort }) => ({
        port: own,
        targetPort: targetPort ?? own,
      })),
    })),
  };
}

type WrittenPod = NonNullable<Written['pods']>[number] | NonNullable<Written['peers']>[number];

function identityOf(pod: WrittenPod): Omit<LocalPod, 'hostNetwork'> {
  return {
    id: `${pod.namespace}/${pod.name}`,
    namespace: pod.namespace,
    name: pod.name,
    workload: { ...pod.workload, namespace: pod.namespace },
    // As Kubernetes has it for pods that name none.
    serviceAccount: pod.serviceAccount ?? 'default',
    addresses: pod.addresses,
    ports: [...new Set(pod.ports)].sort((a, b) => a - b),
    ...(pod.labels === undefined ? {} : { labels: pod.labels }),
  };
}

/** A pod that is there twice, or an address that two have: nobody could say whose traffic it is. */
function twice({ pods, peers, services }: NodeInventory): ParsedInventory | undefined {
  const ids = new Map<string, string>();
  const owners = new Map<string, string>();
  const lists = [
    ...pods.map((pod, index) => ({ pod, path: ['pods', index] as const, isShared: pod.hostNetwork })),
    ...peers.map((pod, index) => ({ pod, path: ['peers', index] as const, isShared: false })),
  ];
  for (const { pod, path, isShared } of lists) {
    const where = spellPath(path);
    const before = ids.get(pod.id);
    if (before !== undefined)
      return rejected(
        'INVENTORY_TWICE',
        path,
        `${where} is ${pod.id}, and so is ${before}: each pod is there once.`,
      );
    ids.set(pod.id, where);
    if (isShared) continue;
    const taken = takeAddresses(owners, pod, path);
    if (taken !== undefined) return taken;
  }
  for (const [index, service] of services.entries()) {
    const owner = { id: `Service ${service.namespace}/${service.name}`, addresses: service.addresses };
    const taken = takeAddresses(owners, owner, ['services', index]);
    if (taken !== undefined) return taken;
  }
  return undefined;
}

function takeAddresses(
  owners: Map<string, string>,
  owner: { readonly id: string; readonly addresses: readonly string[] },
  path: readonly (string | number)[],
): ParsedInventory | undefined {
  for (const [index, text] of owner.addresses.entries()) {
    const key = addressKey(text);
    const before = owners.get(key);
    if (before !== undefined) {
      const where = [...path, 'addresses', index];
      const message = `${spellPath(where)} is ${text}, which ${before} has: nobody could say whose traffic it is.`;
      return rejected('INVENTORY_ADDRESS_TWICE', where, message);
    }
    owners.set(key, owner.id);
  }
  return undefined;
}

function rejectionOf(issues: readonly z.core.$ZodIssue[], value: unknown): ParsedInventory {
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) throw new Error('an inventory was refused without an issue');
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const known = knownFields(inventorySchema, path);
    const guess = nearest(key, known);
    const hint = guess === undefined ? '' : ` Did you mean ${guess}?`;
    const where = path.length === 0 ? 'The file of pods' : spellPath(path);
    const message = `${where} has no field ${quote(key)}.${hint} It takes ${known.join(', ')}.`;
    return rejected('INVENTORY_UNKNOWN_FIELD', [...path, key], message);
  }
  const where = path.length === 0 ? 'The file of pods' : spellPath(path);
  if (valueAt(value, path) === undefined)
    return rejected('INVENTORY_MISSING_FIELD', path, `${where} is missing; it is required.`);
  return rejected('INVENTORY_INVALID_VALUE', path, `${where} ${reasonOf(issue)}.`);
}

/** What zod calls a type, in words of YAML. */
const kinds: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

const counted = (count: number | bigint, what: string, others: string): string =>
  `${count} ${count === 1 ? what : others}`;

/** A bound that was missed, for lists, texts and numbers. */
function sizeText(origin: string, word: 'least' | 'most', bound: number | bigint): string {
  if (origin === 'array') return `needs at ${word} ${counted(bound, 'entry', 'entries')}`;
  if (origin === 'string') return `needs at ${word} ${counted(bound, 'character', 'characters')}`;
  return `must be at ${word} ${bound}`;
}

/** What must be, instead of zod's words for it. */
function reasonOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return sizeText(issue.origin, 'least', issue.minimum);
    case 'too_big':
      return sizeText(issue.origin, 'most', issue.maximum).replace('needs at most', 'may have at most');
    default: {
      const bare = issue.message.replace(/\.$/, '');
      return /^(must|may|has|needs|is) /.test(bare) ? bare : `is wrong: ${bare}`;
    }
  }
}

const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

function rejected(code: string, path: readonly PropertyKey[], message: string): ParsedInventory {
  return {
    ...{ ok: false, code, message },
    path: path.map((part) => (typeof part === 'symbol' ? String(part) : part)),
  };
}
