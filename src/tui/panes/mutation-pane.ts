// The block and throttle dialog: who it is about, what it would have done, the exact policy, and the fields to change.
import type { Draw, DrawContext, Rect } from '../render/draw-context.ts';
import { cellWidth, fitText } from '../render/visible.ts';
import type { DraftScope } from '../../core/policy/draft.ts';
import { nameOf, titleOf } from '../../core/policy/policy-name.ts';
import { policyGist } from '../../core/policy/to-yaml.ts';
import { formatCount, plural } from '../columns/format.ts';
import { mutationRefusal } from '../state/access.ts';
import type { MutationDialog, MutationField } from '../state/dialog.ts';
import { withKey } from '../state/key-hint.ts';
import { fieldsOf } from '../state/mutation-draft.ts';
import { sideWords } from '../state/other-side.ts';
import { scopesBeyond } from '../state/wider-scopes.ts';
import type { AppState } from '../state/state.ts';
import type { Role } from '../theme/roles.ts';
import type { PaneInput } from './pane-input.ts';
import type { Line, Span } from './painter.ts';
import { drawBox, drawLine, drawLines, ruleLine, scrollTop, span, wrapText } from './painter.ts';
import type { PreviewLook } from './preview-lines.ts';
import { previewLook, previewParts } from './preview-lines.ts';
import { yamlLine } from './yaml-lines.ts';

/** From this inner width on, the policy stands beside the preview. */
const besideFrom = 104;

/** Below this many rows inside, no blank one. */
const fewRows = 24;

const assuranceWords = {
  ip: 'identity by address',
  mtls: 'identity by mutual TLS',
  token: 'identity by token',
};

function headLines(dialog: MutationDialog): readonly Line[] {
  const { flow } = dialog;
  const what = flow.request
    ? `${flow.request.method} ${flow.request.route}`
    : 'everything (the stream cannot be read)';
  const { source, destination } = flow;
  const scopeWords: Readonly<Record<DraftScope, string>> = {
    route: dialog.finding?.suggestion?.paths
      ? 'the paths that the finding names'
      : 'this method and route only',
    destination: `everything ${source.workload} asks of ${destination.workload}`,
    everything: `everything ${source.workload} asks of anyone`,
  };
  return [
    [
      span(what, 'route'),
      span(' from '),
      span(`${source.kind ?? 'workload'}/${source.workload}`, 'workload'),
      span(` (${source.principal}, ${assuranceWords[source.assurance]})`, 'dim'),
    ],
    [span('scope ', 'label'), span(scopeWords[dialog.scope])],
  ];
}

/** `w widens it to all of scanner → orders: 412, scanner → anyone: 693 of 9,310`; nothing where it is the widest. */
function widerLines(dialog: MutationDialog, { state, theme }: PaneInput, width: number): readonly Line[] {
  const { source, destination } = dialog.flow;
  const beyond = scopesBeyond(dialog);
  if (beyond.length === 0 || dialog.preview.type !== 'done') return [];
  const found = beyond.map((scope) => {
    const to = scope === 'everything' ? 'anyone' : destination.workload;
    const known = dialog.wider.find((each) => each.scope === scope);
    const count = known?.flips === undefined ? '' : `: ${formatCount(known.flips)}`;
    return `${source.workload} ${theme.glyph('right')} ${to}${count}`;
  });
  const total = dialog.wider.find((each) => each.total !== undefined)?.total;
  const of = total === undefined ? '' : ` of ${formatCount(total)}`;
  const key = state.keyHints['dialog.scope'];
  const text = `${key === undefined ? 'Wider' : `${key} widens it`} to all of ${found.join(', ')}${of}`;
  return wrapText(text, width).map((line): Line => [span(line, 'notice.info')]);
}

const fieldTitles: Readonly<Record<MutationField, string>> = {
  mode: 'mode',
  rate: 'rate',
  expires: 'expires in',
  reason: 'reason',
};

/** A field in brackets; while edited, its text with the caret. */
function fieldSpans(dialog: MutationDialog, field: MutationField, width: number): Span[] {
  const { editing } = dialog;
  const title = span(`${fieldTitles[field]} `, 'label');
  if (editing?.field !== field) {
    const value = dialog.fields[field] === '' ? '-' : dialog.fields[field];
    return [title, span(`[${fitText(value, width, '~')}]`, 'field'), span('  ')];
  }
  const { text, cursor } = editing.input;
  const role = editing.error === undefined ? 'field.focus' : 'field.invalid';
  const before = text.slice(0, cursor);
  const shown = cellWidth(before) > width - 1 ? before.slice(-(width - 1)) : before;
  return [
    title,
    span('[', role),
    span(shown, role),
    span(text.charAt(cursor) === '' ? ' ' : text.charAt(cursor), 'caret'),
    span(fitText(text.slice(cursor + 1), Math.max(0, width - 1 - cellWidth(shown)), '~'), role),
    span(']', role),
    span('  '),
  ];
}

/** The fields over two lines: short ones first, the reason alone. */
function fieldLines(dialog: MutationDialog, width: number): readonly [Line, Line] {
  const short = fieldsOf(dialog.action).filter((field) => field !== 'reason');
  return [
    short.flatMap((field) => fieldSpans(dialog, field, 10)),
    fieldSpans(dialog, 'reason', Math.max(10, width - 12)),
  ];
}

/** What stands in the way, or that all is ready. */
function statusOf(dialog: MutationDialog, state: AppState): Span {
  if (dialog.editing?.error !== undefined)
    return span(`${fieldTitles[dialog.editing.field]}: ${dialog.editing.error}`, 'notice.bad');
  if (dialog.sending !== undefined)
    return span(`Sent; waiting for ${sideWords(state).writer} to answer.`, 'notice.info');
  if (dialog.refusal !== undefined) return span(dialog.refusal, 'notice.bad');
  const refusal = mutationRefusal(state);
  if (refusal !== undefined) return span(refusal, 'notice.warn');
  return checkStatus(dialog, state) ?? readyStatus(dialog, state);
}

/** What the API server's dry run says, while that is not yet or no. */
function checkStatus({ check }: MutationDialog, state: AppState): Span | undefined {
  if (check?.type === 'asked')
    return span('Asking the API server whether it would take this.', 'notice.info');
  if (check?.type !== 'refused') return undefined;
  const how = withKey(state, 'export the YAML', 'flow.export');
  const again = withKey(state, 'ask again', 'dialog.apply');
  return span(
    `The API server would not take this, see above: ${how}, or mend it and ${again}.`,
    'notice.bad',
  );
}

function readyStatus({ preview, policy, check }: MutationDialog, state: AppState): Span {
  if (preview.type === 'running') return span('It can be applied when the preview is done.', 'dim');
  const { taken } = sideWords(state);
  const tried = check?.type === 'accepted' ? 'Ready, the server dry-run accepts it' : 'Ready';
  return policy.spec.mode === 'Shadow'
    ? span(`${tried}: ${taken} in shadow, nothing is refused.`, 'dim')
    : span(`${tried}: exactly this is ${taken} and enforced.`, 'dim');
}

/** Before anything else: why the API server would not take it, and that the preview may not know all policies. */
function checkLines({ check }: MutationDialog, { connection }: AppState, width: number): readonly Line[] {
  const lines = (text: string, role: Role): readonly Line[] =>
    wrapText(text, width).map((line): Line => [span(line, role)]);
  const refused = check?.type === 'refused' ? [...lines(check.text, 'notice.bad'), []] : [];
  const { policies } = connection;
  return policies === undefined
    ? refused
    : [...refused, ...lines(`The preview may not know other policies: ${policies.message}`, 'notice.warn')];
}

/** One under another: what it would do, to whom else, what it selects and does; then the numbers in detail and the whole YAML. */
function narrowLines(dialog: MutationDialog, input: PaneInput, look: PreviewLook): readonly Line[] {
  const { theme } = input;
  const { head, details } = previewParts(dialog.preview, look);
  const rule = (title: string): Line => ruleLine(theme, [span(title, 'title')], look.width);
  const gist = policyGist(dialog.policy).flatMap((part) =>
    wrapText(part, look.width - 2).map((line, index) => yamlLine(index === 0 ? line : `  ${line}`)),
  );
  return [
    ...checkLines(dialog, input.state, look.width),
    ...head,
    ...widerLines(dialog, input, look.width),
    rule('what the policy selects and does'),
    ...gist,
    ...(details.length > 0 ? [rule('in detail'), ...details] : []),
    rule('the whole policy'),
    ...dialog.yaml.map(yamlLine),
  ];
}

const linesBelow = (lines: number, height: number, scroll: number): number =>
  Math.max(0, lines - height - scrollTop(lines, height, scroll));

/** Paints what scrolls; returns how many lines lie below it. */
function drawMiddle(
  context: DrawContext,
  rect: Rect,
  { dialog, input }: { readonly dialog: MutationDialog; readonly input: PaneInput },
): number {
  const { theme } = input;
  const yaml = (): readonly Line[] => dialog.yaml.map(yamlLine);
  const throttling = dialog.action === 'Throttle';
  const look = (width: number): PreviewLook => previewLook(input, { width, focused: true, throttling });
  const how = { theme, scroll: dialog.scroll, on: 'dialog' } as const;
  if (rect.width < besideFrom) {
    const lines = narrowLines(dialog, input, look(rect.width - 2));
    drawLines(context, rect, { lines, ...how });
    return linesBelow(lines.length, rect.height, dialog.scroll);
  }
  const right = Math.min(52, Math.floor(rect.width * 0.4));
  const left = { ...rect, width: rect.width - right - 2 };
  const { head, details } = previewParts(dialog.preview, look(left.width - 1));
  const preview = [
    ...checkLines(dialog, input.state, left.width - 1),
    ...head,
    ...widerLines(dialog, input, left.width - 1),
    ...details,
  ];
  const policy = yaml();
  drawLines(context, left, { lines: preview, ...how });
  const beside = { ...rect, x: rect.x + rect.width - right, width: right };
  drawLines(context, beside, { lines: policy, ...how });
  return linesBelow(Math.max(preview.length, policy.length), rect.height, dialog.scroll);
}

/** A change is about one cluster, which its dialog names. */
function whereText({ place }: AppState): string {
  if (place === undefined) return '';
  return ` in ${place.isProduction ? 'PRODUCTION ' : ''}${place.context}`;
}

/** Paint the dialog. */
export function drawMutation(dialog: MutationDialog, input: PaneInput): Draw {
  const { theme, state } = input;
  return (context, rect) => {
    const { spec } = dialog.policy;
    const { source, destination } = dialog.flow;
    const inner = drawBox(context, rect, {
      theme,
      title: `${dialog.action} ${source.workload} ${theme.glyph('right')} ${dialog.scope === 'everything' ? 'anyone' : destination.workload}${whereText(state)}`,
      titleRole: spec.mode === 'Enforce' ? 'dialog.danger' : 'dialog.title',
      foot: titleOf(nameOf(dialog.policy)),
    });
    const put = (y: number, line: Line): void =>
      drawLine(context, line, { theme, x: inner.x, y, width: inner.width, on: 'dialog' });
    const bottom = inner.y + inner.height;
    // Where rows are few, none is left blank.
    const gap = inner.height < fewRows ? 0 : 1;
    const [fields, reason] = fieldLines(dialog, inner.width);
    for (const [index, line] of headLines(dialog).entries()) put(inner.y + index, line);
    put(bottom - 4, fields);
    put(bottom - 3, reason);
    const status = statusOf(dialog, state);
    const lines = wrapText(status.text, inner.width);
    for (const line of [0, 1]) put(bottom - 2 + line, [span(lines[line] ?? '', status.role)]);
    const middle = {
      x: inner.x,
      y: inner.y + 2 + gap,
      width: inner.width,
      height: Math.max(1, inner.height - 7 - gap),
    };
    const below = drawMiddle(context, middle, { dialog, input });
    if (below > 0) {
      const how = withKey(state, 'scroll', 'move.down');
      put(middle.y + middle.height, [span(`${plural(below, 'more line')} below: ${how}`, 'dim')]);
    }
  };
}
