// Every metric as a row: name, help, and how it is read from the figures of the agent. Pure; knows neither Prometheus' library nor HTTP.
// Names follow Prometheus' conventions: base units, `_total` for what only grows. Labels have few values: never a path or a principal.
import { nodePodSchema } from '../../core/model/node-status.ts';
import type { WorkerStats } from '../kernel/shared-stats.ts';
import type { Figures } from './figures.ts';

/** One value of a metric. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric. */
export interface MetricRow {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly string[];
  readonly samples: (figures: Figures) => readonly Sample[];
}

const perSecondUs = 1_000_000;

const plain = (
  type: MetricRow['type'],
  read: (figures: Figures) => number,
): Pick<MetricRow, 'type' | 'labels' | 'samples'> => ({
  type,
  labels: [],
  samples: (figures) => [{ value: read(figures) }],
});

const ofWorkers = (
  type: MetricRow['type'],
  read: (worker: WorkerStats) => number,
): Pick<MetricRow, 'type' | 'labels' | 'samples'> => ({
  type,
  labels: ['worker'],
  samples: ({ plane }) => plane.workers.map((one) => ({ labels: { worker: one.name }, value: read(one) })),
});

const ofEntries = (
  type: MetricRow['type'],
  label: string,
  read: (figures: Figures) => Readonly<Record<string, number>>,
): Pick<MetricRow, 'type' | 'labels' | 'samples'> => ({
  type,
  labels: [label],
  samples: (figures) =>
    Object.entries(read(figures)).map(([key, value]) => ({ labels: { [label]: key }, value })),
});

/** Of every pod that had some; none without a node. */
function unjudgedByPod({ node }: Figures): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { pod, count } of node?.unjudged ?? []) sums[pod] = (sums[pod] ?? 0) + count;
  return sums;
}

/** All states, so that none disappears with its last pod; none without a node. */
function podsByState({ node }: Figures): Readonly<Record<string, number>> {
  if (node === undefined) return {};
  const sums = Object.fromEntries(nodePodSchema.shape.state.options.map((state) => [state, 0]));
  for (const { state } of node.pods) sums[state] = (sums[state] ?? 0) + 1;
  return sums;
}

const agentRows: readonly MetricRow[] = [
  {
    name: 'apidefense_build_info',
    help: 'Always 1; the label is the version of the agent.',
    type: 'gauge',
    labels: ['version'],
    samples: ({ version }) => [{ labels: { version }, value: 1 }],
  },
  {
    name: 'apidefense_start_time_seconds',
    help: 'When the agent started, seconds since 1970.',
    ...plain('gauge', ({ startedMs }) => startedMs / 1000),
  },
  {
    name: 'apidefense_policies',
    help: 'Policies by state: active ones are enforced, shadow ones only counted, rejected ones are in force in no form.',
    ...ofEntries('gauge', 'state', ({ policies }) => policies),
  },
  {
    name: 'apidefense_feed_connections',
    help: 'Terminals and verbs that are connected to the feed.',
    ...plain('gauge', ({ feed }) => feed.connections),
  },
  {
    name: 'apidefense_feed_subscribers',
    help: 'Connections to the feed that are told events.',
    ...plain('gauge', ({ feed }) => feed.subscribers),
  },
  {
    name: 'apidefense_feed_dropped_events_total',
    help: 'Events that slow readers of the feed missed.',
    ...plain('counter', ({ feed }) => feed.dropped),
  },
];

const nodeRows: readonly MetricRow[] = [
  {
    name: 'apidefense_pods',
    help: 'Pods of the node by state; told by an agent that works in them.',
    ...ofEntries('gauge', 'state', podsByState),
  },
  {
    name: 'apidefense_pod_connections_outside',
    help: 'Open connections of pods that some policy does not reach yet.',
    ...{ type: 'gauge', labels: [] },
    samples: ({ node }) =>
      node === undefined ? [] : [{ value: node.pods.reduce((sum, { outside }) => sum + outside, 0) }],
  },
  {
    name: 'apidefense_connections_unjudged_total',
    help: 'Connections that passed inline ports of a pod while no agent judged, as the kernel counted them, those before the start of this agent included; pods of ports beyond the first 200 are summed as other.',
    ...ofEntries('counter', 'pod', unjudgedByPod),
  },
  {
    name: 'apidefense_gear_ok',
    help: 'Whether a gear works on this node: 1 or 0.',
    ...ofEntries('gauge', 'gear', ({ node }) =>
      Object.fromEntries((node?.gears ?? []).map(({ name, ok }) => [name, ok ? 1 : 0])),
    ),
  },
];

const watchdogRows: readonly MetricRow[] = [
  {
    name: 'apidefense_watchdog_restarts_total',
    help: 'How often the watchdog started the agent again: hung, it gave no sign of life and was killed; died, it had ended by itself.',
    ...ofEntries('counter', 'reason', ({ restarts }) => ({ ...restarts })),
  },
];

const trafficRows: readonly MetricRow[] = [
  {
    name: 'apidefense_requests_total',
    help: 'Requests and opaque connections that the workers have carried, those whose events were lost included.',
    ...plain('counter', ({ plane }) => plane.requests),
  },
  {
    name: 'apidefense_flows_total',
    help: 'Flows that reached the main thread, by what was decided.',
    ...ofEntries('counter', 'verdict', ({ flows }) => flows),
  },
  {
    name: 'apidefense_kernel_refused_total',
    help: 'Attempts to open something in the pods of a node that the kernel refused by rules of policies; repeated openings count again, and no flow counts them.',
    ...plain('counter', ({ kernelRefused }) => kernelRefused),
  },
  {
    name: 'apidefense_policy_hits_total',
    help: 'How often a policy decided, or in shadow mode would have; policies beyond the first 200 are summed as other.',
    type: 'counter',
    labels: ['policy', 'mode'],
    samples: ({ policyHits }) =>
      policyHits.flatMap(({ policy, enforced, shadow }) => [
        { labels: { policy, mode: 'enforce' }, value: enforced },
        { labels: { policy, mode: 'shadow' }, value: shadow },
      ]),
  },
  {
    name: 'apidefense_lost_total',
    help: 'What was dropped because a bounded queue or budget was full, by place; details are flows told without headers and bodies.',
    ...ofEntries('counter', 'where', ({ lostBy }) => lostBy),
  },
  {
    name: 'apidefense_received_bytes_total',
    help: 'Bytes read from clients and from the services behind.',
    ...ofEntries('counter', 'side', ({ plane }) => ({
      client: plane.fromClientBytes,
      upstream: plane.fromUpstreamBytes,
    })),
  },
  {
    name: 'apidefense_connections_accepted_total',
    help: 'Connections accepted from clients.',
    ...plain('counter', ({ plane }) => plane.accepted),
  },
  {
    name: 'apidefense_connections_failed_total',
    help: 'Connections that did not end as their ends wished: refused at once, service not reached, deadline, full buffers, a bug of ours.',
    ...ofEntries('counter', 'reason', ({ plane }) => ({
      refused: plane.refused,
      'connect-failed': plane.connectFailed,
      expired: plane.expired,
      overflowed: plane.overflowed,
      fault: plane.faults,
    })),
  },
  {
    name: 'apidefense_connections_refused_total',
    help: 'Why connections were refused at once: full, no descriptor was free; share, their caller or their service held its share of what there is.',
    ...ofEntries('counter', 'reason', ({ plane }) => ({
      full: plane.refusedFull,
      share: plane.refusedShare,
    })),
  },
  {
    name: 'apidefense_connections_rejudged_total',
    help: 'Open connections judged again because policies or identities changed.',
    ...plain('counter', ({ plane }) => plane.rejudged),
  },
];

const tapRows: readonly MetricRow[] = [
  {
    name: 'apidefense_tap_rings',
    help: 'Interfaces of pods that are tapped now; a pod has one for each network that it is in.',
    ...plain('gauge', ({ plane }) => plane.tap.rings),
  },
  {
    name: 'apidefense_tap_unheard_interfaces',
    help: 'Interfaces of pods by which something may come that is not told, as the status says why.',
    ...plain('gauge', ({ node }) =>
      (node?.pods ?? []).reduce((sum, { unheard }) => sum + (unheard?.length ?? 0), 0),
    ),
  },
  {
    name: 'apidefense_tap_frames_total',
    help: 'Frames that the taps have read.',
    ...plain('counter', ({ plane }) => plane.tap.frames),
  },
  {
    name: 'apidefense_tap_dropped_frames_total',
    help: 'Frames that found a full ring and were never seen.',
    ...plain('counter', ({ plane }) => plane.tap.drops),
  },
  {
    name: 'apidefense_tap_requests_total',
    help: 'Requests and opaque connections that the taps have told.',
    ...plain('counter', ({ plane }) => plane.tap.exchanges),
  },
  {
    name: 'apidefense_tap_attempts_total',
    help: 'Connections that the taps saw begin in vain.',
    ...plain('counter', ({ plane }) => plane.tap.attempts),
  },
  {
    name: 'apidefense_tap_open_connections',
    help: 'Connections that the taps follow now.',
    ...plain('gauge', ({ plane }) => plane.tap.open),
  },
  {
    name: 'apidefense_tap_gap_bytes_total',
    help: 'Bytes of connections that the taps have missed.',
    ...plain('counter', ({ plane }) => plane.tap.gapBytes),
  },
  {
    name: 'apidefense_tap_evicted_total',
    help: 'Connections that the taps let go of because their table was full.',
    ...plain('counter', ({ plane }) => plane.tap.evicted),
  },
  {
    name: 'apidefense_tap_buffered_bytes',
    help: 'Segments out of order that the taps hold.',
    ...plain('gauge', ({ plane }) => plane.tap.bufferedBytes),
  },
];

const workerRows: readonly MetricRow[] = [
  {
    name: 'apidefense_worker_heartbeat_age_seconds',
    help: 'Since the worker last turned; well under a second while it lives.',
    ...ofWorkers('gauge', (worker) => worker.heartbeatAgeMs / 1000),
  },
  {
    name: 'apidefense_worker_open_connections',
    help: 'Client connections that the worker holds open.',
    ...ofWorkers('gauge', (worker) => worker.openConnections),
  },
  {
    name: 'apidefense_worker_cpu_seconds_total',
    help: 'CPU time of the worker thread.',
    type: 'counter',
    labels: ['worker', 'mode'],
    samples: ({ plane }) =>
      plane.workers.flatMap(({ name: worker, cpuUserUs, cpuSystemUs }) => [
        { labels: { worker, mode: 'user' }, value: cpuUserUs / perSecondUs },
        { labels: { worker, mode: 'system' }, value: cpuSystemUs / perSecondUs },
      ]),
  },
  {
    name: 'apidefense_worker_heap_bytes',
    help: "Used of the worker's heap.",
    ...ofWorkers('gauge', (worker) => worker.heapBytes),
  },
  {
    name: 'apidefense_worker_external_bytes',
    help: "Held by the worker's objects outside of its heap.",
    ...ofWorkers('gauge', (worker) => worker.externalBytes),
  },
  {
    name: 'apidefense_worker_buffered_bytes',
    help: 'Bytes of connections that wait for a slow reader.',
    ...ofWorkers('gauge', (worker) => worker.bufferedBytes),
  },
  {
    name: 'apidefense_worker_queue_bytes',
    help: 'Events that the main thread has not fetched yet.',
    ...ofWorkers('gauge', (worker) => worker.queueBytes),
  },
  {
    name: 'apidefense_worker_queue_peak_bytes',
    help: 'Most that was seen in the queue of events since the start.',
    ...ofWorkers('gauge', (worker) => worker.queuePeakBytes),
  },
  {
    name: 'apidefense_worker_queue_capacity_bytes',
    help: 'Room of the queue of events; what finds none is lost.',
    ...ofWorkers('gauge', (worker) => worker.queueCapacityBytes),
  },
  {
    name: 'apidefense_worker_lost_total',
    help: 'Events of the worker that were lost to a full queue.',
    ...ofWorkers('counter', (worker) => worker.lost),
  },
];

const delayOf =
  (which: 'p99Us' | 'maxUs'): MetricRow['samples'] =>
  ({ main }) =>
    main.loopDelay === undefined ? [] : [{ value: main.loopDelay[which] / perSecondUs }];

const mainRows: readonly MetricRow[] = [
  {
    name: 'apidefense_process_cpu_seconds_total',
    help: 'CPU time of all threads of the agent, user and system.',
    ...plain('counter', ({ main }) => main.processCpuUs / perSecondUs),
  },
  {
    name: 'apidefense_process_resident_memory_bytes',
    help: 'Resident memory of the agent.',
    ...plain('gauge', ({ main }) => main.rssBytes),
  },
  {
    name: 'apidefense_main_cpu_seconds_total',
    help: 'CPU time of the main thread, user and system.',
    ...plain('counter', ({ main }) => main.cpuUs / perSecondUs),
  },
  {
    name: 'apidefense_main_heap_bytes',
    help: "Used of the main thread's heap.",
    ...plain('gauge', ({ main }) => main.heapBytes),
  },
  {
    name: 'apidefense_main_external_bytes',
    help: "Held by the main thread's objects outside of its heap.",
    ...plain('gauge', ({ main }) => main.externalBytes),
  },
  {
    name: 'apidefense_main_loop_delay_p99_seconds',
    help: 'How late timers of the main thread were, 99th percentile of the last 15 s or longer.',
    ...{ type: 'gauge', labels: [], samples: delayOf('p99Us') },
  },
  {
    name: 'apidefense_main_loop_delay_max_seconds',
    help: 'How late timers of the main thread were at most in the last 15 s or longer.',
    ...{ type: 'gauge', labels: [], samples: delayOf('maxUs') },
  },
];

/** All metrics in the order of the page. */
export const metricTable: readonly MetricRow[] = [
  ...agentRows,
  ...nodeRows,
  ...watchdogRows,
  ...trafficRows,
  ...tapRows,
  ...workerRows,
  ...mainRows,
];
