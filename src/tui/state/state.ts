// What the terminal is showing, as plain readonly data. Flows, findings and policies themselves live in the session store
// (session.ts); this holds what the person chose and what is known of the other side. Knows no clock and no terminal.
import type { ErrorWords } from '../../core/model/app-error.ts';
import type { FlowId, Millis, PolicyName, WorkloadId } from '../../core/model/brand.ts';
import type { AgentStatus, Hello } from '../../core/model/feed-message.ts';
import type { ReplayPosition } from '../../core/model/feed-port.ts';
import type { ClusterPlace } from '../../core/model/cluster-place.ts';
import type { FilterNode } from '../../core/filter/filter.ts';
import type { Explanation } from '../../core/policy/explain.ts';
import type { Dialog } from './dialog.ts';
import type { KeyHints } from './key-hint.ts';
import type { TextInput } from './text-input.ts';

/** The numbered screens, in the order of the keys 1 to 4. */
export const screenNames = ['flows', 'graph', 'findings', 'policies'] as const;

/** A screen. */
export type ScreenName = (typeof screenNames)[number];

/** Which pane the movement keys go to. */
export type Focus = 'list' | 'detail' | 'axis';

/** The order of a table. */
export interface Sort {
  /** Id of one of its columns. */
  readonly column: string;
  readonly descending: boolean;
}

/** The flows screen: a window on the shown (filtered, perhaps sorted) flows. */
export interface FlowsView {
  /** True while the cursor sticks to the newest flow. */
  readonly follow: boolean;
  /** Sequence of the newest flow that may be shown while paused; absent while not paused. */
  readonly heldAt: number | undefined;
  /** The flow under the cursor; undefined: the newest. Its sequence says where it was, should it be evicted. */
  readonly selected: { readonly id: FlowId; readonly sequence: number } | undefined;
  /** Screen row of the cursor inside the table, so that rows do not slide under it when new ones arrive. */
  readonly row: number;
  readonly sort: Sort;
  /** First column shown after the fixed ones (H and L move it). */
  readonly columnOffset: number;
}

/** The filter in force and, while one is being typed, its prompt. */
export interface FilterState {
  /** The filter in force: the last valid text. */
  readonly text: string;
  readonly node: FilterNode | undefined;
  /** Present while the prompt is open. */
  readonly prompt: FilterPrompt | undefined;
  /** Where the filter in force came from, while it is the one that was made there: closing it leads back. */
  readonly origin: FilterOrigin | undefined;
}

/** A filter that another screen made, such as the evidence of a finding. */
export interface FilterOrigin {
  readonly screen: Exclude<ScreenName, 'flows'>;
  /** The filter it made. */
  readonly text: string;
  /** What was in force before. */
  readonly previous: string;
}

/** A filter being typed. Valid text is in force at once; invalid text leaves the last valid one. */
export interface FilterPrompt {
  readonly input: TextInput;
  /** Set when the text is no filter; `start`/`end` mark the part at fault, in UTF-16 units of the text. */
  readonly error: { readonly message: string; readonly start: number; readonly end: number } | undefined;
  /** What was in force when the prompt opened, restored by cancel. */
  readonly previous: string;
  /** What tab would complete at the cursor, in words; absent when there is nothing. */
  readonly offers: string | undefined;
}

/** The pane that shows one flow in full. It follows the selection of the flows screen unless `id` pins another flow. */
export interface DetailState {
  readonly open: boolean;
  /** First line shown; panes clamp it. */
  readonly scroll: number;
  readonly id: FlowId | undefined;
  /** Answer of the last `explain`, valid for the flow named. */
  readonly explained: { readonly id: FlowId; readonly explanation: Explanation } | undefined;
}

/** The views of the graph, in the order of their key. */
export const graphViews = ['ego', 'list', 'matrix'] as const;

/** A view of the graph: one workload's neighbours, all edges as a list, or as a matrix. */
export type GraphView = (typeof graphViews)[number];

/** What the graph screen shows and where its cursor is. */
export interface GraphState {
  readonly view: GraphView;
  /** The workload in the middle; undefined: the busiest. */
  readonly focus: WorkloadId | undefined;
  /** Where the cursor is: a column of the ego view and a row in it; the list uses `row` only. */
  readonly column: 'callers' | 'focus' | 'callees';
  readonly row: number;
  /** Column of the cursor in the matrix, whose row is `row`. */
  readonly matrixColumn: number;
  /** Workloads looked at before, newest last, for esc. */
  readonly trail: readonly WorkloadId[];
}

/** A list whose cursor is held by key; `row` is where it was, should the key go. */
export interface ListState {
  readonly selected: string | undefined;
  readonly row: number;
  /** Chosen by the person; undefined: the list's own order. */
  readonly sort: Sort | undefined;
}

/** The other side, in words that are true. */
export interface ConnectionState {
  readonly kind: 'live' | 'replay';
  readonly state: 'connecting' | 'connected' | 'reconnecting' | 'closed';
  readonly detail: string;
  readonly hello: Hello | undefined;
  readonly status: AgentStatus | undefined;
  /** When anything was last received, by the clock of ticks; 0 for never. */
  readonly lastReceivedMs: number;
  /** Of a cluster: why its policies cannot be read now; what was read stays. `sinceMs`: the API server's last word. */
  readonly policies: (ErrorWords & { readonly sinceMs: number | undefined }) | undefined;
  /** Why the other side is not there, where that is known as more than words. */
  readonly problem: ErrorWords | undefined;
}

/** Who may act. Anything but `act` refuses mutations with its sentence. */
export interface AccessState {
  /** Started with --read-only; cannot be lifted. */
  readonly readOnly: boolean;
  /** The runtime lock, toggled by a key. */
  readonly locked: boolean;
}

/** A mutation asked of the agent. What became of it after `stored` is read from policy events and flows, never assumed. */
export interface Change {
  /** Tag of the feed request. */
  readonly tag: number;
  readonly kind: 'apply' | 'remove' | 'undo';
  /** Unknown for an undo until it is answered. */
  readonly name: PolicyName | undefined;
  readonly action: 'block' | 'throttle' | undefined;
  readonly mode: 'enforce' | 'shadow' | 'off' | undefined;
  readonly askedAtMs: number;
  readonly state: 'sent' | 'stored' | 'refused';
  /** What the agent answered: its change word, or why it refused. */
  readonly answer: string;
  /** Requests the policy had decided when it was asked for (it may have existed before). */
  readonly hitsBefore: number;
}

/** A sentence for the message line, gone when `untilMs` has passed. */
export interface Notice {
  readonly level: 'info' | 'good' | 'warn' | 'bad';
  readonly text: string;
  readonly untilMs: number;
}

/** The whole state of the terminal. Equal objects show the same, given the same data. */
export interface AppState {
  /** Of the screen, within the frame where there is one. */
  readonly columns: number;
  readonly rows: number;
  /** The frame of a production context is around it. */
  readonly framed: boolean;
  /** The clock of ticks (epoch ms); in replay the position's clock is `replay.nowMs`. */
  readonly nowMs: Millis;
  readonly screen: ScreenName;
  readonly focus: Focus;
  /** The focused pane fills the body. */
  readonly zoomed: boolean;
  readonly flows: FlowsView;
  readonly filter: FilterState;
  readonly detail: DetailState;
  readonly graph: GraphState;
  readonly findings: ListState;
  readonly policies: ListState;
  /** Topmost last. */
  readonly dialogs: readonly Dialog[];
  readonly connection: ConnectionState;
  /** Of a terminal on a cluster: policies are its objects, written with the person's own rights. */
  readonly place: ClusterPlace | undefined;
  /** Whoever opened this terminal can open it anew. */
  readonly restarts: boolean;
  readonly replay: ReplayPosition | undefined;
  /** Where the clock was last asked to go and has not arrived yet, epoch ms: further jumps start from there. */
  readonly seeking: number | undefined;
  readonly access: AccessState;
  /** Mutations of this session, newest last, bounded. */
  readonly changes: readonly Change[];
  readonly notice: Notice | undefined;
  readonly themeName: string;
  /** Keys to name in sentences, as the person has bound them. */
  readonly keyHints: KeyHints;
  /** Show local times? Times are UTC unless an offset in minutes is given here. */
  readonly utcOffsetMinutes: number;
  /** Next tag for feed requests and preview jobs. */
  readonly nextTag: number;
  readonly quitting: boolean;
}

/** What is known before the first message. */
export interface InitialOptions {
  readonly kind: 'live' | 'replay';
  readonly columns: number;
  readonly rows: number;
  readonly framed?: boolean;
  readonly nowMs: Millis;
  readonly readOnly: boolean;
  readonly themeName: string;
  readonly utcOffsetMinutes?: number;
  readonly keyHints?: KeyHints;
  readonly place?: ClusterPlace | undefined;
  readonly restarts?: boolean | undefined;
  /** Locked from the beginning: it was, in the place before. */
  readonly locked?: boolean | undefined;
  /** Said first, for a while: what was opened, where no word said so. */
  readonly firstWords?: string | undefined;
}

/** What a person has chosen before choosing anything. */
const initialView = {
  screen: 'flows',
  focus: 'list',
  zoomed: false,
  flows: {
    follow: true,
    heldAt: undefined,
    selected: undefined,
    row: 0,
    sort: { column: 'time', descending: true },
    columnOffset: 0,
  },
  filter: { text: '', node: undefined, prompt: undefined, origin: undefined },
  detail: { open: false, scroll: 0, id: undefined, explained: undefined },
  graph: { view: 'ego', focus: undefined, column: 'focus', row: 0, matrixColumn: 0, trail: [] },
  findings: { selected: undefined, row: 0, sort: undefined },
  policies: { selected: undefined, row: 0, sort: undefined },
  dialogs: [],
} as const satisfies Partial<AppState>;

/** The other side before it has said anything. */
const unconnected = {
  state: 'connecting',
  detail: '',
  hello: undefined,
  status: undefined,
  lastReceivedMs: 0,
  policies: undefined,
  problem: undefined,
} as const satisfies Omit<ConnectionState, 'kind'>;

/** Two sentences are read, and the screen that they are about, ms. */
const firstWordsMs = 20_000;

/** The state before the first message. */
export function initialState(options: InitialOptions): AppState {
  return {
    ...initialView,
    columns: options.columns,
    rows: options.rows,
    framed: options.framed ?? false,
    nowMs: options.nowMs,
    connection: { kind: options.kind, ...unconnected },
    place: options.place,
    restarts: options.restarts ?? false,
    replay: undefined,
    seeking: undefined,
    access: { readOnly: options.readOnly, locked: options.locked ?? false },
    changes: [],
    notice:
      options.firstWords === undefined
        ? undefined
        : { level: 'info', text: options.firstWords, untilMs: options.nowMs + firstWordsMs },
    themeName: options.themeName,
    keyHints: options.keyHints ?? {},
    utcOffsetMinutes: options.utcOffsetMinutes ?? 0,
    nextTag: 1,
    quitting: false,
  };
}
