// From a row on the screen to the exact policy of the dialog, and again after each edited field. Pure; drafting is core's.
import { AppError } from '../../core/model/app-error.ts';
import { millis } from '../../core/model/brand.ts';
import type { FindingEvent, FlowEvent } from '../../core/model/event.ts';
import type { DraftScope } from '../../core/policy/draft.ts';
import { defaultTtlMs, draftPolicy, draftScopes } from '../../core/policy/draft.ts';
import { parsePolicy } from '../../core/policy/parse-policy.ts';
import type { HttpMatch } from '../../core/policy/http-match-schema.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { policyToYaml } from '../../core/policy/to-yaml.ts';
import { clockMs } from './access.ts';
import type { MutationDialog, MutationField } from './dialog.ts';
import { lifetimeText, parseLifetime } from './duration.ts';
import type { AppState } from './state.ts';

/** What a draft starts from. */
export interface DraftSource {
  readonly action: 'Block' | 'Throttle';
  readonly flow: FlowEvent;
  readonly finding: FindingEvent | undefined;
  readonly scope: DraftScope;
}

/** Scopes that mean something for this flow, narrowest first. */
export function scopesOf(flow: FlowEvent): readonly DraftScope[] {
  return flow.request ? draftScopes : draftScopes.filter((scope) => scope !== 'route');
}

/** Where a draft for a finding begins: with all that the caller asks when the finding accuses the caller of no single path. */
export function findingScope(finding: FindingEvent): DraftScope {
  const { suggestion } = finding;
  return suggestion && !suggestion.paths && !suggestion.methods ? 'everything' : 'route';
}

/** Default rate of a throttle made by a key. */
const defaultRate = '10/s';
const modes = ['Enforce', 'Shadow', 'Off'] as const;

/** Four characters from what is being drafted and when: different for each draft, the same in each test. */
export function draftSuffix(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0').slice(0, 4);
}

/** The fields as the dialog first shows them. */
export function initialFields(state: AppState, source: DraftSource): MutationDialog['fields'] {
  const suggested = source.finding?.suggestion?.rate;
  return {
    mode: 'Enforce',
    expires: lifetimeText(state.connection.hello?.defaultTtlMs ?? defaultTtlMs),
    reason: source.finding?.title ?? '',
    rate: source.action === 'Throttle' ? (suggested ?? defaultRate) : '',
  };
}

/** Narrow or widen the draft to what the finding suggests. */
function withSuggestion(policy: Policy, finding: FindingEvent): Policy {
  const { methods, paths } = finding.suggestion ?? {};
  if (!methods && !paths) return policy;
  const http: HttpMatch = {
    ...(methods ? { methods } : {}),
    ...(paths ? { paths } : {}),
  };
  return { ...policy, spec: { ...policy.spec, match: { http } } };
}

/** The policy as it would be stored, or why none can be drafted, in a sentence and with what to do instead. */
export type Drafted =
  | { readonly ok: true; readonly policy: Policy; readonly yaml: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly hint: string };

function lifetimeMs(fields: MutationDialog['fields']): number | undefined {
  const lifetime = parseLifetime(fields.expires);
  return typeof lifetime === 'number' ? lifetime : undefined;
}

/** The policy for these fields, checked as the agent will check it, whose traffic it may touch included. */
export function draftFor(
  state: AppState,
  source: DraftSource,
  given: { readonly fields: MutationDialog['fields']; readonly suffix: string },
): Drafted {
  const { fields, suffix } = given;
  const ttlMs = lifetimeMs(fields);
  try {
    const drafted = draftPolicy({
      action: source.action,
      flow: source.flow,
      nowMs: millis(clockMs(state)),
      suffix,
      scope: source.scope,
      ...(ttlMs === undefined ? {} : { ttlMs }),
      ...(fields.reason === '' ? {} : { reason: fields.reason }),
      ...(source.action === 'Throttle' ? { rate: fields.rate } : {}),
      ...(source.finding ? { finding: source.finding.id } : {}),
    });
    const mode = modes.find((each) => each === fields.mode) ?? 'Enforce';
    const { expiresAt, ...rest } = drafted.spec;
    const spec = {
      ...rest,
      mode,
      ...(ttlMs === undefined || expiresAt === undefined ? {} : { expiresAt }),
    };
    const whole = { ...drafted, spec };
    const narrowed =
      source.finding && source.scope === 'route' ? withSuggestion(whole, source.finding) : whole;
    const parsed = parsePolicy(narrowed);
    if (!parsed.ok) return { ok: false, message: parsed.message, hint: 'Draft it from a flow instead.' };
    const { policy } = parsed;
    return { ok: true, policy, yaml: policyToYaml(policy).trimEnd().split('\n') };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ok: false, message: error.message, hint: error.hint };
  }
}

/** A field's text in its normal spelling, or what would be right instead. */
export type FieldText =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly message: string };

const fieldChecks: Readonly<Record<MutationField, (text: string) => FieldText>> = {
  mode: (text) => {
    const wanted = text.trim().toLowerCase();
    const mode = wanted === '' ? undefined : modes.find((each) => each.toLowerCase().startsWith(wanted));
    return mode ? { ok: true, value: mode } : { ok: false, message: 'Enforce, Shadow or Off' };
  },
  expires: (text) => {
    const lifetime = parseLifetime(text);
    if (lifetime === undefined && /^(\d{1,6}[smhd]){1,4}$/i.test(text.trim()))
      return { ok: false, message: 'at least 1s and at most 365d; write never, or a file, for longer' };
    if (lifetime === undefined)
      return { ok: false, message: 'a lifetime such as 90s, 30m, 2h or 1d, or never' };
    return { ok: true, value: lifetime === 'never' ? 'never' : lifetimeText(lifetime) };
  },
  reason: (text) => ({ ok: true, value: text.trim() }),
  rate: (text) =>
    /^[1-9][0-9]{0,8}\/[smh]$/.test(text.trim())
      ? { ok: true, value: text.trim() }
      : { ok: false, message: 'a whole number per s, m or h, such as 20/s' },
};

/** The text of a field, checked and in its normal spelling. */
export function checkField(field: MutationField, text: string): FieldText {
  return fieldChecks[field](text);
}

/** Fields that this action has, in the order of tab. */
export function fieldsOf(action: MutationDialog['action']): readonly MutationField[] {
  return action === 'Throttle' ? ['mode', 'rate', 'expires', 'reason'] : ['mode', 'expires', 'reason'];
}
