// Where everything lies in a snapshot's buffer: sections of ints, doubles and bytes, and the columns of each table.
// Shared by the compiler (writes) and the evaluator (reads); a change here is a change of `layoutVersion`.

/** First word of the tables, "APDF": other memory is not taken for tables. */
export const layoutMagic = 0x41504446;
/** Second word; raise it whenever a section or a column changes. */
export const layoutVersion = 3;

/** Ints of the head: magic, version, generation, then offset and length (in elements) of each section. */
export const headInts = 3;

/** Sections in the order they lie; doubles first, so that every section is aligned. */
export const sections = [
  'policyNumbers',
  'strings',
  'stringSlots',
  'policies',
  'peers',
  'cidrs',
  'lists',
  'headers',
  'rows',
  'nodes',
  'edges',
  'edgeSlots',
  'groups',
  'members',
  'anchors',
  'anchored',
  'bytes',
] as const;
/** Name of a section. */
export type Section = (typeof sections)[number];

/** Columns of `policies`; `…At`/`…Count` are runs in `peers`, `lists`, `headers` or `rows`; `everyone` as a count means scope: All. */
export const policyColumn = {
  mode: 0,
  action: 1,
  closed: 2,
  reset: 3,
  needsHttp: 4,
  name: 5,
  namespace: 6,
  egress: 7,
  fromAt: 8,
  fromCount: 9,
  toAt: 10,
  toCount: 11,
  portsAt: 12,
  portsCount: 13,
  methodsAt: 14,
  methodsCount: 15,
  hostsAt: 16,
  hostsCount: 17,
  headersAt: 18,
  headersCount: 19,
  rowsAt: 20,
  rowsCount: 21,
  keyAt: 22,
  keyCount: 23,
  plainRule: 24,
} as const;
/** Numbers per policy in `policies`. */
export const policyStride = 25;
/** In place of a count of peers: `scope: All`. */
export const everyone = -1;

/** Columns of `groups`, policies with the same selectors: one of them, and a run of all in `members`. */
export const groupStride = 3;

/** Slots of `anchors`: `anchorKey`, run in `anchored` (groups); a count of 0 is an empty slot. */
export const anchorSlotStride = 3;

/** Columns of `policyNumbers` (doubles). */
export const numberColumn = { expiresAt: 0, rate: 1, periodMs: 2, burst: 3 } as const;
/** Numbers per policy in `policyNumbers`. */
export const numberStride = 4;

/** `policyColumn.mode` of a policy in force. */
export const modeEnforce = 1;
/** `policyColumn.mode` of one in shadow; those that are Off are not compiled. */
export const modeShadow = 2;
/** `policyColumn.action` of a Block. */
export const actionBlock = 1;
/** `policyColumn.action` of a Throttle. */
export const actionThrottle = 2;

/** Columns of `peers`: string ids, -1 where any; `cidr` an index, -1 for none; labels a run in `lists` of ids of `key=value`. */
export const peerColumn = {
  kind: 0,
  name: 1,
  workloadNamespace: 2,
  namespace: 3,
  principal: 4,
  cidr: 5,
  minAssurance: 6,
  labelsAt: 7,
  labelsCount: 8,
} as const;
/** Numbers per peer. */
export const peerStride = 9;
/** One label as the tables spell it: `=` is in no key. */
export const labelText = (key: string, value: string): string => `${key}=${value}`;

/** Columns of `cidrs`: prefix length counted in the 128-bit form, then four words; IPv4 is mapped (`::ffff:a.b.c.d`). */
export const cidrStride = 5;

/** Columns of `headers`: name id, run of value ids in `lists`. */
export const headerColumn = { name: 0, valuesAt: 1, valuesCount: 2 } as const;
/** Numbers per header condition. */
export const headerCondStride = 3;

/** Columns of `strings`: run in `bytes`, hash. */
export const stringStride = 3;

/** Columns of `rows`: one way into a policy. `key` = `rowKey(…)`; `pattern` 0 means any path. */
export const rowColumn = { key: 0, policy: 1, rule: 2, pattern: 3, shape: 4 } as const;
/** Numbers per row. */
export const rowStride = 5;

/** Which fields are part of a row's key, as bits; the path pattern always is. */
export const shapeMethod = 1;
/** Bit of a shape: the host is part of the key. */
export const shapeHost = 2;
/** Bit of a shape: one header with its value is part of the key. */
export const shapeHeader = 4;

/** Columns of path `nodes`; pattern ids and children, 0 for none (0 is the root, never a child); prefix lengths in bytes. */
export const nodeColumn = { one: 0, exact: 1, below: 2, prefixMin: 3, prefixMax: 4 } as const;
/** Numbers per node. */
export const nodeStride = 5;

/** Columns of path `edges`. A prefix edge's child is the pattern id itself. */
export const edgeColumn = { parent: 0, hash: 1, at: 2, length: 3, child: 4, prefix: 5 } as const;
/** Numbers per edge. */
export const edgeStride = 6;

/** Parts of a throttle key, as stored in `lists`; header parts are `headerPart + name id`. */
export const keyParts = ['principal', 'workload', 'destination', 'route', 'method'] as const;
/** Header parts of a throttle key are this plus the id of the name. */
export const headerPart = 16;
