// Verdicts in glyph, word and role: the one table that the flows table, the graph, the detail pane and the axis share.
import { attemptText } from '../../core/model/attempt-words.ts';
import type { FlowEvent, Verdict } from '../../core/model/event.ts';
import { unreachedPolicy, type StateOfPolicy } from '../../core/model/unreached.ts';
import type { GlyphName } from '../theme/glyphs.ts';
import type { Role } from '../theme/roles.ts';

/** How an outcome is shown: sign and word carry the meaning, the role only supports it. */
export interface VerdictLook {
  readonly glyph: GlyphName;
  readonly word: string;
  readonly role: Role;
}

/** The look of each action. Refusals are in capitals, so that they stand out without colour. */
export const verdictLooks: Readonly<Record<Verdict['action'], VerdictLook>> = {
  allow: { glyph: 'allow', word: 'allow', role: 'verdict.allow' },
  block: { glyph: 'block', word: 'BLOCK', role: 'verdict.block' },
  throttle: { glyph: 'throttle', word: 'THROTTLE', role: 'verdict.throttle' },
  redact: { glyph: 'redact', word: 'REDACT', role: 'verdict.redact' },
};

/** A policy's name without its namespace. */
export function shortPolicy(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/** The look of a flow's outcome: broken and opaque streams have their own, unless a policy refused them. */
export function verdictLook(flow: FlowEvent): VerdictLook {
  const look = verdictLooks[flow.verdict.action];
  if (flow.verdict.action !== 'allow') return look;
  if (flow.broken !== undefined) return { glyph: 'broken', word: 'BROKEN', role: 'verdict.broken' };
  const attempt = attemptText(flow);
  if (attempt !== undefined) return { glyph: 'opaque', word: attempt, role: 'opaque' };
  if (flow.opaque !== undefined) return { glyph: 'opaque', word: 'opaque', role: 'opaque' };
  return look;
}

/** Glyph, word, what decided, and what the shadow set would have done: `✖ BLOCK block-scanner-7f3a`. */
export function verdictText(
  flow: FlowEvent,
  glyph: (name: GlyphName) => string,
  stateOf: StateOfPolicy = untold,
): string {
  const look = verdictLook(flow);
  const what = flow.verdict.policy === undefined ? undefined : shortPolicy(flow.verdict.policy);
  const parts = [glyph(look.glyph), look.word];
  if (what !== undefined) parts.push(what);
  if (look.word === 'BROKEN' && flow.broken !== undefined) parts.push(flow.broken);
  else if (look.word === 'opaque' && flow.opaque !== undefined) parts.push(flow.opaque);
  if (flow.shadow) parts.push(unreachedText(flow, glyph, stateOf) ?? shadowText(flow.shadow, glyph));
  return parts.join(' ');
}

/** Characters at a policy's end that tell it from others of the same subjects. */
const suffixLength = 4;

/** A policy's name in `room` cells: without the verb that stands before it, then cut in the middle, its suffix kept. */
function fittedPolicy(
  name: string,
  verb: string,
  { room, more }: { readonly room: number; readonly more: string },
): string {
  const short = shortPolicy(name);
  if (short.length <= room) return short;
  const rest = short.startsWith(`${verb}-`) ? short.slice(verb.length + 1) : short;
  if (rest.length < room) return `${more}${rest}`;
  const head = Math.max(0, room - suffixLength - 1);
  return `${rest.slice(0, head)}${more}${rest.slice(-suffixLength)}`;
}

const untold: StateOfPolicy = () => undefined;

/** `◌ not reached: block-x`, where an enforcing policy would have refused what passed by it; else undefined. */
export function unreachedText(
  flow: FlowEvent,
  glyph: (name: GlyphName) => string,
  stateOf: StateOfPolicy,
): string | undefined {
  const policy = unreachedPolicy(flow, stateOf);
  return policy === undefined ? undefined : `${glyph('shadow')} not reached: ${shortPolicy(policy)}`;
}

/** How much room there is, and what is known of policies. */
export interface VerdictRoom {
  readonly width: number;
  readonly stateOf?: StateOfPolicy;
}

/** The verdict in `width` cells: sign and word stay whole, what only a shadow would do goes before a plain allow. */
export function fittedVerdict(
  flow: FlowEvent,
  glyph: (name: GlyphName) => string,
  { width, stateOf = untold }: VerdictRoom,
): string {
  const { shadow, verdict } = flow;
  const look = verdictLook(flow);
  const inShadow = shadow !== undefined && look.word === verdictLooks.allow.word;
  const decided = inShadow ? shadow : verdict;
  const { word } = inShadow ? verdictLooks[shadow.action] : look;
  const isUnreached = inShadow && unreachedPolicy(flow, stateOf) !== undefined;
  const would = isUnreached ? 'not reached:' : `would ${word}`;
  const lead = inShadow ? `${glyph('shadow')} ${would}` : `${glyph(look.glyph)} ${word}`;
  const room = width - lead.length - 1;
  if (decided.policy === undefined || room <= suffixLength)
    return inShadow ? lead.replace(/:$/, '') : verdictText(flow, glyph, stateOf);
  return `${lead} ${fittedPolicy(decided.policy, word.toLowerCase(), { room, more: glyph('more') })}`;
}

/** `◌ would BLOCK block-x`: what the shadow set would have done. */
export function shadowText(shadow: Verdict, glyph: (name: GlyphName) => string): string {
  const policy = shadow.policy === undefined ? '' : ` ${shortPolicy(shadow.policy)}`;
  return `${glyph('shadow')} would ${verdictLooks[shadow.action].word}${policy}`;
}

/** Role of an HTTP status. */
export function statusRole(status: number | undefined): Role {
  if (status === undefined || status < 100 || status > 599) return 'status.none';
  if (status < 200) return 'status.1xx';
  if (status < 300) return 'status.2xx';
  if (status < 400) return 'status.3xx';
  return status < 500 ? 'status.4xx' : 'status.5xx';
}
