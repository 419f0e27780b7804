// A policy as it is written in a cluster, joined with what agents say of it: the object and its conditions from the API server, counters and
// where it stands from their events. Nothing is called enforced that neither of them says. Pure: time comes in.
import type { PolicyEvent } from '../model/event.ts';
import { entryFields } from '../policy/entry-fields.ts';
import type { StoredPolicy } from '../policy/store.ts';

/** Whoever reads objects with rights of their own is shown them as they are. */
const unmasked = { mask: <Same>(policy: Same): Same => policy, text: (text: string): string => text };

/** Another object of the same name is another policy. */
const isOfSame = ({ uid }: StoredPolicy, told: PolicyEvent): boolean =>
  uid === undefined || told.uid === undefined || uid === told.uid;

/** What was said of an earlier content does not say where this one stands. */
const isOfGeneration = ({ generation }: StoredPolicy, told: PolicyEvent): boolean =>
  generation === undefined || told.generation === undefined || generation === told.generation;

function countersOf({ hits, shadowHits, lastHit }: PolicyEvent): Partial<PolicyEvent> {
  return {
    ...(hits === undefined ? {} : { hits }),
    ...(shadowHits === undefined ? {} : { shadowHits }),
    ...(lastHit === undefined ? {} : { lastHit }),
  };
}

function clusterOf({ status, keptBy }: StoredPolicy): NonNullable<PolicyEvent['cluster']> {
  const conditions = (status?.conditions ?? []).map((condition) => ({
    ...{ type: condition.type, status: condition.status },
    ...{ reason: condition.reason, message: condition.message },
  }));
  return {
    conditions,
    ...(status?.enforced === undefined ? {} : { enforced: status.enforced }),
    ...(keptBy === undefined ? {} : { keptBy }),
  };
}

/** Agents refuse it, and none enforces it: it is no policy there, whatever this program thinks of it. */
function refusedBy({ conditions, enforced }: NonNullable<PolicyEvent['cluster']>): string | undefined {
  const refusal = conditions.find(({ type, status }) => type === 'Accepted' && status === 'False');
  const isNowhere = enforced === undefined || enforced.startsWith('0/');
  return isNowhere ? refusal?.message : undefined;
}

/** What an entry with a name comes to. `told`: the last word of agents on that name, if any. */
export function clusterPolicyEvent(
  entry: StoredPolicy,
  told: PolicyEvent | undefined,
  nowMs: number,
): PolicyEvent {
  const fields = entryFields(entry, unmasked);
  const cluster = clusterOf(entry);
  const known = told !== undefined && isOfSame(entry, told) ? told : undefined;
  const current = known !== undefined && isOfGeneration(entry, known) ? known : undefined;
  const refusal = entry.type === 'valid' ? refusedBy(cluster) : undefined;
  const object = entry.type === 'rejected' ? entry.object : fields.object;
  // An object that became invalid: its last good version goes on where agents have it.
  const goesOn = entry.type === 'rejected' && (known?.state === 'active' || known?.state === 'shadow');
  const { enforcement } = current ?? {};
  return {
    ...{ type: 'policy', time: new Date(nowMs).toISOString() },
    ...{
      ...fields,
      ...(object === undefined ? {} : { object }),
      ...(known === undefined ? {} : countersOf(known)),
    },
    ...(refusal === undefined
      ? {}
      : { state: 'rejected', error: { code: 'REFUSED_BY_AGENTS', message: refusal } }),
    ...(goesOn ? { state: known.state } : {}),
    ...(enforcement === undefined ? {} : { enforcement }),
    cluster,
  };
}
