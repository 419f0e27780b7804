// Events as one line of text each, columns aligned: `-o table`. Columns are rows of a table; nothing here knows where lines go.
import { attemptText } from '../../../core/model/attempt-words.ts';
import { enforcementWord } from '../../../core/model/enforcement-words.ts';
import { rejectionWords } from '../../../core/model/last-good-words.ts';
import type {
  ApiEvent,
  Endpoint,
  FindingEvent,
  FlowEvent,
  PolicyEvent,
  Verdict,
} from '../../../core/model/event.ts';
import { assertNever } from '../../../core/model/assert-never.ts';
import { unreachedPolicy, type StateOfPolicy } from '../../../core/model/unreached.ts';
import { padText, visibleText } from '../../../tui/render/visible.ts';

interface Column<Row, Known = void> {
  readonly title: string;
  /** Cells; longer text pushes the rest of the line to the right rather than being cut. */
  readonly width: number;
  readonly right?: boolean;
  readonly cell: (row: Row, known: Known) => string;
}

const clock = (time: string): string => time.slice(11, 23);
const who = (end: Endpoint): string => `${end.namespace}/${end.workload}`;

/** Glyph and word, never colour alone. */
export function verdictText(verdict: Verdict): string {
  const policy = verdict.policy === undefined ? '' : ` ${verdict.policy}`;
  switch (verdict.action) {
    case 'allow':
      return `· allow${verdict.policy === undefined ? '' : ` (${verdict.reason ?? verdict.policy})`}`;
    case 'block':
      return `✖ BLOCK${policy}`;
    case 'throttle':
      return `⧗ THROTTLE${policy}`;
    case 'redact':
      return `◼ REDACT${policy}`;
    default:
      return assertNever(verdict.action);
  }
}

function requestText(flow: FlowEvent): string {
  const opened = flow.opening === true ? ' opened' : '';
  if (flow.request === undefined) return `(${flow.opaque ?? flow.protocol}${opened})`;
  const { method, path, query } = flow.request;
  return `${method} ${path}${query === undefined || query === '' ? '' : `?${query}`}${opened}`;
}

/** `-` where no status was read. */
function codeOf({ response }: FlowEvent): string {
  return response?.status === undefined ? '-' : String(response.status);
}

/** What would have been done beside what was. */
function shadowWords(flow: FlowEvent, stateOf: StateOfPolicy): string {
  const unreached = unreachedPolicy(flow, stateOf);
  if (unreached !== undefined) return `   ◌ not reached: ${unreached}`;
  return flow.shadow ? `   ◌ shadow: ${verdictText(flow.shadow)}` : '';
}

function flowVerdict(flow: FlowEvent, stateOf: StateOfPolicy): string {
  const shadow = shadowWords(flow, stateOf);
  const broken = flow.broken === undefined ? '' : `   ! ${flow.broken}`;
  const attempt = attemptText(flow);
  return (attempt === undefined ? verdictText(flow.verdict) : `· ${attempt}`) + shadow + broken;
}

const flowColumns: readonly Column<FlowEvent, StateOfPolicy>[] = [
  { title: 'TIME', width: 12, cell: (flow) => clock(flow.time) },
  { title: 'FROM', width: 18, cell: (flow) => who(flow.source) },
  { title: 'TO', width: 18, cell: (flow) => who(flow.destination) },
  { title: 'REQUEST', width: 40, cell: requestText },
  { title: 'CODE', width: 4, right: true, cell: codeOf },
  { title: 'MS', width: 7, right: true, cell: (flow) => flow.latencyMs?.toFixed(1) ?? '-' },
  { title: 'VERDICT', width: 0, cell: flowVerdict },
];

const findingColumns: readonly Column<FindingEvent>[] = [
  { title: 'LAST SEEN', width: 12, cell: (finding) => clock(finding.lastSeen) },
  { title: 'SEVERITY', width: 8, cell: (finding) => finding.severity },
  { title: 'RULE', width: 22, cell: (finding) => finding.rule },
  { title: 'FROM', width: 18, cell: (finding) => who(finding.source) },
  { title: 'TO', width: 18, cell: (finding) => (finding.destination ? who(finding.destination) : '-') },
  { title: 'COUNT', width: 6, right: true, cell: (finding) => String(finding.count) },
  { title: 'WHAT', width: 0, cell: (finding) => `${finding.title}: ${finding.why}` },
];

/** On a node what an enforcing policy did not reach is no shadow. */
const wentBy = ({ state, enforcement, shadowHits = 0 }: PolicyEvent): number =>
  state === 'active' && enforcement !== undefined ? shadowHits : 0;

const shadowText = (policy: PolicyEvent): string => String((policy.shadowHits ?? 0) - wentBy(policy));

function noteText(policy: PolicyEvent): string {
  const note = rejectionWords(policy) || (policy.enforcement?.sentence ?? '');
  const count = wentBy(policy);
  return count === 0 ? note : `${note} It did not reach ${count === 1 ? '1 flow' : `${count} flows`}.`.trim();
}

const policyColumns: readonly Column<PolicyEvent>[] = [
  { title: 'NAME', width: 44, cell: (policy) => policy.name },
  { title: 'STATE', width: 11, cell: (policy) => enforcementWord(policy)?.word ?? policy.state },
  { title: 'HITS', width: 8, right: true, cell: (policy) => String(policy.hits ?? 0) },
  { title: 'SHADOW', width: 8, right: true, cell: shadowText },
  { title: 'EXPIRES', width: 20, cell: (policy) => policy.expiresAt?.slice(0, 19).concat('Z') ?? 'never' },
  {
    title: 'NOTE',
    width: 0,
    cell: noteText,
  },
];

function lineOf<Row, Known>(
  columns: readonly Column<Row, Known>[],
  text: (column: Column<Row, Known>) => string,
): string {
  return columns
    .map((column) => padText(text(column), column.width, column.right === true ? 'right' : 'left'))
    .join('  ')
    .trimEnd();
}

/** Column titles of flows, findings or policies. */
export function tableHeader(kind: 'flow' | 'finding' | 'policy'): string {
  switch (kind) {
    case 'flow':
      return lineOf(flowColumns, (column) => column.title);
    case 'finding':
      return lineOf(findingColumns, (column) => column.title);
    case 'policy':
      return lineOf(policyColumns, (column) => column.title);
    default:
      return assertNever(kind);
  }
}

const untold: StateOfPolicy = () => undefined;

/** One event as one line; `stateOf` tells which policies are in force. */
export function tableLine(event: ApiEvent, stateOf = untold): string {
  switch (event.type) {
    case 'flow':
      return lineOf(flowColumns, (column) => column.cell(event, stateOf));
    case 'finding':
      return lineOf(findingColumns, (column) => column.cell(event));
    case 'policy':
      return lineOf(policyColumns, (column) => column.cell(event));
    case 'lost':
      if (event.where === 'details')
        return `${clock(event.time)}  ! ${event.count} flows without headers and bodies: too many per second`;
      return `${clock(event.time)}  ! lost ${event.count} events at ${visibleText(event.where)}`;
    case 'identity':
      return `${clock(event.time)}  ${event.role} ${visibleText(who(event.endpoint))} ${visibleText(event.coverage ?? '')}`.trimEnd();
    default:
      return assertNever(event);
  }
}
