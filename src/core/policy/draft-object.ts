// What every drafted policy has in common: name, annotations, action, lifetime; and the last check before it is handed out.
import { AppError } from '../model/app-error.ts';
import type { Millis } from '../model/brand.ts';
import { parsePolicy } from './parse-policy.ts';
import type { PolicyAction, ThrottleKey } from './action-schema.ts';
import { apiVersion, type Policy } from './schema.ts';

/** Default lifetime of an interactive policy. */
export const defaultTtlMs = 30 * 60_000;
/** Rate of a throttle that names none. */
export const defaultRate = '10/s';
/** Kubernetes keeps labels and generated names at 63; ours stay usable there. */
const maxNameLength = 63;

/** Everything that differs between drafts; the rest is the same for all. */
export interface DraftParts {
  readonly action: 'Block' | 'Throttle';
  readonly namespace: string;
  /** Of the cluster instead: its peers say their namespaces. */
  readonly cluster?: boolean | undefined;
  /** Words of the name between action and suffix: caller, destination. */
  readonly subjects: readonly string[];
  readonly suffix: string;
  readonly nowMs: Millis;
  readonly ttlMs?: number | undefined;
  readonly reason?: string | undefined;
  readonly rate?: string | undefined;
  readonly burst?: number | undefined;
  readonly key?: readonly ThrottleKey[] | undefined;
  readonly author?: string | undefined;
  readonly finding?: string | undefined;
  readonly evidence?: string | undefined;
  readonly from: Policy['spec']['from'];
  readonly to: Policy['spec']['to'];
  readonly match?: Policy['spec']['match'];
}

/** The whole object, checked as the agent will check it. @throws AppError when it would be rejected. */
export function draftObject(parts: DraftParts): Policy {
  const { namespace, cluster = false, from, to, match, reason, nowMs } = parts;
  const annotations = annotationsOf(parts);
  const parsed = parsePolicy({
    apiVersion,
    kind: cluster ? 'ClusterFlowPolicy' : 'FlowPolicy',
    metadata: {
      name: draftName(parts),
      ...(cluster ? {} : { namespace }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      mode: 'Enforce',
      from,
      to,
      ...(match === undefined ? {} : { match }),
      action: actionOf(parts),
      // In so many words: whoever confirms it is to see that streams nobody can read (TLS) pass it.
      failure: 'Open',
      expiresAt: new Date(nowMs + (parts.ttlMs ?? defaultTtlMs)).toISOString(),
      ...(reason === undefined || reason === '' ? {} : { reason: reason.slice(0, 1024) }),
    },
  });
  if (parsed.ok) return parsed.policy;
  throw new AppError({
    code: 'DRAFT_INVALID',
    family: 'data',
    message: `No policy can be drafted from this: ${parsed.message}`,
    hint: 'Narrow it by hand: write the FlowPolicy as YAML.',
  });
}

function actionOf({ action, rate, burst, key }: DraftParts): PolicyAction {
  return action === 'Block'
    ? { type: 'Block', block: { answer: 'Auto', existing: 'Cut' } }
    : {
        type: 'Throttle',
        throttle: {
          rate: rate ?? defaultRate,
          ...(burst === undefined ? {} : { burst }),
          key: key === undefined ? ['principal'] : [...key],
        },
      };
}

function annotationsOf({ author, finding, evidence }: DraftParts): Record<string, string> {
  const given = { author, finding, evidence };
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) =>
      value === undefined || value === '' ? [] : [[`apidefense.dev/${key}`, value]],
    ),
  );
}

/** `block-scanner-orders-7f3a`; long subjects are cut evenly, so that the suffix always stays. */
function draftName({ action, subjects, suffix }: DraftParts): string {
  const verb = action.toLowerCase();
  const words = subjects.map(dnsWord).filter((word) => word !== '');
  const tail = dnsWord(suffix);
  const room = maxNameLength - verb.length - tail.length - 1 - words.length - (tail === '' ? 0 : 1);
  const each = words.length === 0 ? 0 : Math.floor(room / words.length);
  return [verb, ...words.map((word) => dnsWord(word.slice(0, each))), tail]
    .filter((word) => word !== '')
    .join('-');
}

const dnsWord = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, maxNameLength)
    .replace(/-+$/, '');
