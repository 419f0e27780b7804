// One flow in full, as lines: who, what, when, why, headers and bodies. Everything shown was masked at capture.
import type { Endpoint, FlowEvent, Header, Verdict } from '../../core/model/event.ts';
import { cutWords } from '../../core/model/cut-words.ts';
import type { Explanation } from '../../core/policy/explain.ts';
import { formatBytes, formatClockMs, formatDuration } from '../columns/format.ts';
import type { StateOfPolicy } from '../../core/model/unreached.ts';
import { shadowText, statusRole, unreachedText, verdictLook } from '../columns/verdict-words.ts';
import type { Role } from '../theme/roles.ts';
import type { GlyphName } from '../theme/glyphs.ts';
import type { Theme } from '../theme/theme.ts';
import { bodyLines } from './json-lines.ts';
import type { Line, Span } from './painter.ts';
import { ruleLine, span, wrapText } from './painter.ts';

/** One flow and how to tell of it. `width` is in cells; `explanation` is absent while it is being worked out. */
export interface DetailInput {
  readonly flow: FlowEvent;
  readonly explanation: Explanation | undefined;
  readonly theme: Theme;
  readonly width: number;
  readonly utcOffsetMinutes: number;
  /** Which policies are in force. */
  readonly stateOf: StateOfPolicy;
}

/** Width of the words at the left. */
const labelWidth = 8;

const label = (text: string): Span => span(text.padEnd(labelWidth), 'label');

/** A labelled text, wrapped under itself. */
function labelled(
  name: string,
  text: string,
  look: { readonly width: number; readonly role?: Role },
): Line[] {
  return wrapText(text, Math.max(10, look.width - labelWidth)).map((line, index) => [
    label(index === 0 ? name : ''),
    span(line, look.role ?? 'text'),
  ]);
}

const assuranceWords: Readonly<Record<Endpoint['assurance'], string>> = {
  ip: 'known by address only',
  mtls: 'proved by mutual TLS',
  token: 'proved by token',
};

function endpointLine(name: string, endpoint: Endpoint): Line {
  return [
    label(name),
    span(endpoint.workload, 'workload'),
    span(`  ${endpoint.kind ?? 'workload'} in ${endpoint.namespace}`),
    span(`  ${endpoint.principal}`, 'strong'),
    span(` (${assuranceWords[endpoint.assurance]})`, 'dim'),
  ];
}

/** Both addresses, where they are known. */
function wireLine({ flow, theme }: DetailInput): readonly Line[] {
  const { source, destination } = flow;
  if (source.address === undefined && destination.address === undefined) return [];
  const text = `${source.address ?? 'unknown'} ${theme.glyph('right')} ${destination.address ?? 'unknown'}`;
  return [[label('wire'), span(text, 'dim')]];
}

function requestLine(flow: FlowEvent): Line {
  const { request } = flow;
  if (!request)
    return [
      label('asked'),
      span(`not readable: ${flow.broken ?? flow.opaque ?? 'no request'}`, 'opaque'),
      span('  counted and judged by who calls whom only', 'dim'),
    ];
  return [
    label('asked'),
    span(request.method, 'method'),
    span(` ${request.path}${request.query === undefined ? '' : `?${request.query}`}`),
    span(`  host ${request.host}`, 'dim'),
    span(`  ${formatBytes(request.bytes)}`, 'number'),
  ];
}

function responseLine(flow: FlowEvent): Line {
  const { response } = flow;
  if (!response) return [label('answer'), span('none seen', 'dim')];
  const none = response.bytes > 0 ? 'none that could be read' : 'the connection ended before an answer';
  return [
    label('answer'),
    span(response.status === undefined ? none : String(response.status), statusRole(response.status)),
    span(`  ${formatBytes(response.bytes)}`, 'number'),
    ...(response.local === true
      ? [span('  written by the agent, the upstream was not asked', 'strong')]
      : []),
  ];
}

/** Why it ended otherwise than by a complete answer: the stable word and what it means. */
function endedLine({ ended }: FlowEvent): readonly Line[] {
  if (ended === undefined) return [];
  const words: Readonly<Record<string, string>> = cutWords;
  const meaning = Object.hasOwn(words, ended) ? `  ${words[ended] ?? ''}` : '';
  return [[label('ended'), span(ended, 'strong'), span(meaning)]];
}

/** `12.0 ms  ███░░░  first byte after 8.1 ms`: how the time was spent. */
function timingLine(flow: FlowEvent, { theme, width, utcOffsetMinutes }: DetailInput): Line {
  const start = [label('when'), span(formatClockMs(Date.parse(flow.time), utcOffsetMinutes), 'time')];
  const { latencyMs, firstByteMs } = flow;
  if (latencyMs === undefined) return start;
  const room = Math.max(0, Math.min(30, width - 60));
  const waited =
    latencyMs > 0 ? Math.round((room * Math.min(firstByteMs ?? latencyMs, latencyMs)) / latencyMs) : 0;
  const bar = [
    span(theme.glyph('full').repeat(waited), 'bar'),
    span(theme.glyph('axisLine').repeat(room - waited), 'dim'),
  ];
  return [
    ...start,
    span(`  took ${formatDuration(latencyMs)} `, 'number'),
    ...(room > 4 ? bar : []),
    ...(firstByteMs === undefined ? [] : [span(` first byte after ${formatDuration(firstByteMs)}`, 'dim')]),
  ];
}

/** `path = /admin`; without a value, as of a request that could not be read, what it is about. */
function fieldText(field: string, value: string | undefined): string {
  if (value !== undefined) return `${field} = ${value}`;
  return `about ${field === 'request' ? 'the request' : field}`;
}

function verdictSentence(verdict: Verdict): string {
  const parts = [
    verdict.policy === undefined
      ? 'no policy decided: the default lets it through'
      : `policy ${verdict.policy}`,
    ...(verdict.rule === undefined ? [] : [`rule ${verdict.rule}`]),
    ...(verdict.field === undefined ? [] : [fieldText(verdict.field, verdict.value)]),
    ...(verdict.reason === undefined ? [] : [verdict.reason]),
    ...(verdict.retryAfterSeconds === undefined ? [] : [`told to wait ${verdict.retryAfterSeconds} s`]),
    ...(verdict.blockId === undefined ? [] : [`block id ${verdict.blockId}`]),
  ];
  return parts.join(', ');
}

/** What a policy would have done to what passed: one in shadow, or one whose enforcement it did not reach. */
function shadowLines({ flow, theme, width, stateOf }: DetailInput): Line[] {
  if (!flow.shadow) return [];
  const glyph = (name: GlyphName): string => theme.glyph(name);
  const unreached = unreachedText(flow, glyph, stateOf);
  const text = `${unreached ?? shadowText(flow.shadow, glyph)}: ${verdictSentence(flow.shadow)}`;
  return labelled(unreached === undefined ? 'shadow' : 'missed', text, { width, role: 'shadow' });
}

function verdictLines(input: DetailInput): Line[] {
  const { flow, theme, width } = input;
  const look = verdictLook(flow);
  const [first = '', ...rest] = wrapText(
    verdictSentence(flow.verdict),
    Math.max(10, width - labelWidth - look.word.length - 4),
  );
  return [
    [label('verdict'), span(`${theme.glyph(look.glyph)} ${look.word}`, look.role), span(`  ${first}`)],
    ...rest.map((line): Line => [label(''), span(`${' '.repeat(look.word.length + 4)}${line}`)]),
    ...shadowLines(input),
  ];
}

/** Most steps of an explanation shown: the ones that matched first, then the nearest others. */
const stepLimit = 8;

function whyLines({ explanation, theme, width }: DetailInput): Line[] {
  if (!explanation) return [[label('why'), span('working it out …', 'dim')]];
  const steps = [...explanation.steps].sort((left, right) => Number(right.matched) - Number(left.matched));
  const shown = steps.slice(0, stepLimit);
  return [
    ...labelled('why', explanation.outcome, { width }),
    ...shown.flatMap((step) => {
      const sign = theme.glyph(step.matched ? 'check' : 'idle');
      return labelled('', `${sign} ${step.text}`, { width, role: step.matched ? 'strong' : 'dim' });
    }),
    ...(steps.length > shown.length
      ? [[label(''), span(`and ${steps.length - shown.length} more policies that do not match`, 'dim')]]
      : []),
    ...(explanation.nearestMiss ? labelled('nearest', explanation.nearestMiss.text, { width }) : []),
  ];
}

function headerLines(headers: readonly Header[] | undefined, width: number): Line[] {
  return (headers ?? []).flatMap(([name, value]) => {
    const [first = '', ...rest] = wrapText(value, Math.max(10, width - name.length - 4));
    return [
      [span(`  ${name}: `, 'label'), span(first)],
      ...rest.map((line): Line => [span(`${' '.repeat(name.length + 4)}${line}`)]),
    ];
  });
}

type Part = NonNullable<FlowEvent['request'] | FlowEvent['response']>;

function partLines(title: string, part: Part | undefined, { theme, width }: DetailInput): Line[] {
  if (!part || (!part.headers && !part.body)) return [];
  const { body } = part;
  const about = body?.contentType === undefined ? '' : ` ${body.contentType}`;
  return [
    ruleLine(theme, [span(title, 'title')], width),
    ...headerLines(part.headers, width),
    ...(body
      ? [
          [
            span(`  body${about}`, 'label'),
            span(body.truncated === true ? '  (first bytes only; the rest was not kept)' : '', 'dim'),
          ],
          ...bodyLines(body.text, width - 4).map((line): Line => [span('    '), ...line]),
        ]
      : []),
  ];
}

/** Why a flow made at a high rate shows so little. */
const lightWords =
  'More requests came per second than details are kept of: no bodies, no headers of the answer, and of the request only the headers that detections read. Others may have been sent.';

/** All lines of the detail pane. */
export function detailLines(input: DetailInput): readonly Line[] {
  const { flow } = input;
  return [
    endpointLine('from', flow.source),
    endpointLine('to', flow.destination),
    ...wireLine(input),
    requestLine(flow),
    ...(flow.request?.route ? [[label('route'), span(flow.request.route, 'route')]] : []),
    responseLine(flow),
    ...endedLine(flow),
    timingLine(flow, input),
    ...verdictLines(input),
    ...whyLines(input),
    ...(flow.broken === undefined
      ? []
      : labelled('broken', `${flow.broken}: these bytes can be read in more than one way`, {
          width: input.width,
          role: 'verdict.broken',
        })),
    [
      label('ids'),
      span(flow.id, 'dim'),
      ...(flow.connection === undefined ? [] : [span(`  connection ${flow.connection}`, 'dim')]),
      ...(flow.traceId === undefined ? [] : [span(`  trace ${flow.traceId}`, 'dim')]),
    ],
    ...partLines('request', flow.request, input),
    ...partLines('answer', flow.response, input),
    ...(flow.request?.headers || flow.request?.body
      ? [[span('Secrets and personal data were masked at capture.', 'dim')]]
      : []),
    ...(flow.light === true
      ? wrapText(lightWords, input.width).map((line): Line => [span(line, 'dim')])
      : []),
  ];
}
