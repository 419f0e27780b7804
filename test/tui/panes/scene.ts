// A small shop under attack, the same in every run: events for tests of state and panes, and screens drawn on a grid.
import { join } from 'node:path';
import type { ApiEvent, FindingEvent, FlowEvent, PolicyEvent } from '../../../src/core/model/event.ts';
import { millis } from '../../../src/core/model/brand.ts';
import type { ClusterPlace } from '../../../src/core/model/cluster-place.ts';
import type { Hello } from '../../../src/core/model/feed-message.ts';
import type { FeedMessage } from '../../../src/core/model/feed-port.ts';
import { createGrid, drawOn, gridText } from '../../../src/tui/render/cell-grid.ts';
import { dialogRect, drawDialog } from '../../../src/tui/panes/dialogs.ts';
import { drawAxis } from '../../../src/tui/panes/replay-axis.ts';
import { drawList, drawScreenDetail } from '../../../src/tui/panes/screen-panes.ts';
import { keyHints } from '../../../src/tui/keys/key-hints.ts';
import { keyTable } from '../../../src/tui/keys/key-table.ts';
import { layoutOf } from '../../../src/tui/state/layout.ts';
import type { Effect, Intent, Msg } from '../../../src/tui/state/msg.ts';
import { createPreviewJob } from '../../../src/tui/state/preview-job.ts';
import type { Session } from '../../../src/tui/state/session.ts';
import { createSession } from '../../../src/tui/state/session.ts';
import type { AppState } from '../../../src/tui/state/state.ts';
import { initialState } from '../../../src/tui/state/state.ts';
import { update } from '../../../src/tui/state/update.ts';
import { loadTheme } from '../../../src/tui/theme/load-theme.ts';
import type { Theme } from '../../../src/tui/theme/theme.ts';
import { sampleEndpoint } from '../../helpers/sample-flow.ts';

/** 2026-11-23T03:00:00Z, when the scene begins. */
export const sceneStart = Date.parse('2026-11-23T03:00:00.000Z');

export const theme: Theme = loadTheme({
  name: 'default',
  directories: [join(import.meta.dirname, '../../../themes')],
  depth: 24,
  ascii: false,
});
export const asciiTheme: Theme = loadTheme({
  name: 'mono',
  directories: [join(import.meta.dirname, '../../../themes')],
  depth: 1,
  ascii: true,
});

interface Call {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  /** One in this many ticks. */
  readonly every: number;
}

const calls: readonly Call[] = [
  {
    from: 'storefront',
    to: 'orders',
    method: 'GET',
    path: '/orders/17',
    route: '/orders/{id}',
    status: 200,
    ms: 4.1,
    every: 1,
  },
  {
    from: 'storefront',
    to: 'catalog',
    method: 'GET',
    path: '/products',
    route: '/products',
    status: 200,
    ms: 2.3,
    every: 1,
  },
  {
    from: 'checkout',
    to: 'payments',
    method: 'POST',
    path: '/charge',
    route: '/charge',
    status: 201,
    ms: 38,
    every: 4,
  },
  {
    from: 'orders',
    to: 'users',
    method: 'GET',
    path: '/users/41',
    route: '/users/{id}',
    status: 200,
    ms: 1.4,
    every: 2,
  },
  {
    from: 'orders',
    to: 'payments',
    method: 'GET',
    path: '/payments/9',
    route: '/payments/{id}',
    status: 503,
    ms: 61,
    every: 7,
  },
  {
    from: 'scanner',
    to: 'orders',
    method: 'GET',
    path: '/orders/1001',
    route: '/orders/{id}',
    status: 200,
    ms: 3.9,
    every: 3,
  },
];

/** One flow of the scene. */
export function sceneFlow(call: Call, sequence: number, different: Partial<FlowEvent> = {}): FlowEvent {
  return {
    type: 'flow',
    time: new Date(sceneStart + sequence * 100).toISOString(),
    id: `a1-${sequence.toString(36)}`,
    connection: `a1-c${sequence % 7}`,
    source: { ...sampleEndpoint(call.from), address: `10.98.1.${(sequence % 5) + 10}:41022` },
    destination: { ...sampleEndpoint(call.to), address: '10.98.0.7:8080' },
    protocol: 'http/1.1',
    request: {
      method: call.method,
      host: `${call.to}.shop:8080`,
      path: call.path,
      query: 'page=2',
      route: call.route,
      bytes: 214,
      headers: [
        ['authorization', 'Bearer <token:8d1f2a90>'],
        ['user-agent', `${call.from}/1.4`],
      ],
      ...(call.method === 'POST'
        ? { body: { contentType: 'application/json', text: '{"amount":4200,"card":"<card:1f2e3d4c>"}' } }
        : {}),
    },
    response: {
      status: call.status,
      bytes: 1834,
      headers: [['content-type', 'application/json']],
      body: {
        contentType: 'application/json',
        text: '{"id":17,"items":[{"sku":"tea","count":2}],"email":"<email:77aa01bc>"}',
      },
    },
    latencyMs: call.ms,
    firstByteMs: call.ms * 0.7,
    verdict: { action: 'allow', mode: 'enforce' },
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    ...different,
  };
}

/** Flows of the scene, `ticks` tenths of a second long. */
export function sceneFlows(ticks: number): readonly FlowEvent[] {
  const flows: FlowEvent[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    const call = calls[tick % calls.length];
    if (call && Math.floor(tick / calls.length) % call.every === 0) flows.push(sceneFlow(call, tick));
  }
  return flows;
}

export const blockedFlow = (sequence: number): FlowEvent =>
  sceneFlow(calls[5]!, sequence, {
    response: { status: 403, bytes: 310, local: true },
    latencyMs: 0.2,
    firstByteMs: 0.2,
    verdict: {
      action: 'block',
      mode: 'enforce',
      policy: 'shop/block-scanner-orders-7f3a',
      rule: 'from.peers[0].workload',
      field: 'source',
      value: 'shop/Deployment/scanner',
      reason: 'enumerates order ids',
      blockId: '9c1d55aa01ff2e3d',
    },
  });

export const finding: FindingEvent = {
  type: 'finding',
  time: new Date(sceneStart + 30_000).toISOString(),
  id: 'bola-9c1d',
  rule: 'bola-enumeration',
  title: 'Enumerates object ids',
  severity: 'high',
  confidence: 0.9,
  tags: ['OWASP API1:2023', 'T1087'],
  source: sampleEndpoint('scanner'),
  destination: sampleEndpoint('orders'),
  route: 'GET /orders/{id}',
  count: 412,
  firstSeen: new Date(sceneStart + 5000).toISOString(),
  lastSeen: new Date(sceneStart + 30_000).toISOString(),
  evidence: ['a1-5', 'a1-n'],
  why: 'scanner asked for 412 different ids of /orders/{id} in 60 s; others ask for at most 9.',
  fix: 'Check in orders that the caller owns the object; block or throttle the caller meanwhile.',
  suggestion: { action: 'block', methods: ['GET'], paths: ['/orders/{id}'] },
};

export const activePolicy: PolicyEvent = {
  type: 'policy',
  time: new Date(sceneStart + 40_000).toISOString(),
  name: 'shop/block-scanner-orders-7f3a',
  state: 'active',
  expiresAt: new Date(sceneStart + 40_000 + 30 * 60_000).toISOString(),
  hits: 12,
  lastHit: new Date(sceneStart + 50_000).toISOString(),
  author: 'user@example.com',
  object: {
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: { name: 'block-scanner-orders-7f3a', namespace: 'shop' },
    spec: {
      mode: 'Enforce',
      from: { peers: [{ workload: { kind: 'Deployment', name: 'scanner' } }] },
      to: { peers: [{ workload: { kind: 'Deployment', name: 'orders' } }] },
      action: { type: 'Block' },
      expiresAt: new Date(sceneStart + 40_000 + 30 * 60_000).toISOString(),
      reason: 'enumerates order ids',
    },
  },
};

export const rejectedPolicy: PolicyEvent = {
  type: 'policy',
  time: new Date(sceneStart + 41_000).toISOString(),
  name: 'shop/cap-nightly',
  state: 'rejected',
  error: {
    file: 'cap-nightly.yaml',
    line: 14,
    code: 'POLICY_INVALID',
    message: 'spec.action.throttle.rate must be a whole number per s, m or h, such as 20/s',
  },
};

const hello: Hello = {
  type: 'hello',
  version: 1,
  name: 'demo shop',
  time: new Date(sceneStart).toISOString(),
  writable: true,
  listeners: [],
  windowMs: 600_000,
  defaultTtlMs: 1_800_000,
};

/** A terminal without a terminal: reducer, store and effects, driven like the real one. */
export interface Stage {
  readonly session: Session;
  readonly effects: Effect[];
  state(): AppState;
  send(msg: Msg): void;
  press(...intents: readonly Intent[]): void;
  type(text: string): void;
  feed(events: readonly ApiEvent[]): void;
  /** Work off a running preview, as the runtime does between frames. */
  preview(): void;
  /** The body, dialog and axis as lines of text. */
  screen(look?: Theme): string;
}

/** How a stage differs from a writable agent's. */
interface StageOptions {
  readonly kind?: 'live' | 'replay';
  readonly readOnly?: boolean;
  readonly writable?: boolean;
  /** The agent works in the pods of a node. */
  readonly node?: boolean;
  /** Of a terminal on a cluster. */
  readonly place?: ClusterPlace;
  readonly restarts?: boolean;
}

/** A place of that context. */
export const placeOf = (context: string, more: Partial<ClusterPlace> = {}): ClusterPlace => ({
  ...{ context, server: 'https://127.0.0.1:6443', namespace: 'shop', isProduction: false },
  ...more,
});

const stageMs = millis(sceneStart + 60_000);

/** The body, dialog and axis as text. */
function bodyText(state: AppState, session: Session, look: Theme): string {
  const { columns, rows } = state;
  const grid = createGrid(columns, rows);
  const input = { state, data: session.data, theme: look };
  const layout = layoutOf(state);
  const context = drawOn(grid, { x: 0, y: 0, width: columns, height: rows }, look.ascii);
  drawList(input)(context, layout.list);
  if (layout.detail) drawScreenDetail(input)(context, layout.detail);
  if (layout.axis) drawAxis(input)(context, layout.axis);
  const rect = dialogRect(state);
  if (rect) drawDialog(input)?.(context, rect);
  return gridText(grid);
}

type PreviewStart = Extract<Effect, { type: 'preview.start' }>;

/** The result of a preview that was asked for. */
function previewed(started: PreviewStart, session: Session, state: AppState): Msg | undefined {
  const { status, hello: greeting } = state.connection;
  const asked = { session, ...started, status, node: greeting?.node, nowMs: state.nowMs };
  const { result } = createPreviewJob(asked).step(1_000_000);
  return result && { type: 'preview.done', job: started.job, result };
}

/** A stage of the given size; `connected` to a writable agent unless said otherwise. */
export function stage(columns: number, rows: number, options: StageOptions = {}): Stage {
  const session = createSession();
  const effects: Effect[] = [];
  let state = initialState({
    kind: options.kind ?? 'live',
    columns,
    rows,
    nowMs: stageMs,
    readOnly: options.readOnly ?? false,
    themeName: 'default',
    keyHints: keyHints(keyTable),
    ...{ place: options.place, restarts: options.restarts },
  });
  const send = (msg: Msg): void => {
    if (msg.type === 'feed') session.receive(msg.message);
    const [next, asked] = update(state, msg, session.data);
    state = next;
    effects.push(...asked);
    for (const effect of asked) {
      if (effect.type !== 'store.filter' && effect.type !== 'store.sort') continue;
      session.perform(effect);
      session.work(1_000_000);
    }
  };
  const receive = (message: FeedMessage): void => send({ type: 'feed', nowMs: state.nowMs, message });
  receive({ type: 'hello', hello: { ...hello, writable: options.writable ?? true, node: options.node } });
  return {
    session,
    effects,
    state: () => state,
    send,
    press: (...intents) => intents.forEach((intent) => send({ type: 'intent', intent })),
    type: (text) => send({ type: 'text', text }),
    feed: (events) => receive({ type: 'batch', events }),
    preview() {
      const first = effects.findLastIndex((effect) => effect.type === 'preview.start');
      // What follows from its result is worked off too.
      for (let at = Math.max(0, first); at < effects.length; at++) {
        const effect = effects[at];
        const done = effect?.type === 'preview.start' ? previewed(effect, session, state) : undefined;
        if (done) send(done);
      }
    },
    screen: (look = theme) => bodyText(state, session, look),
  };
}
