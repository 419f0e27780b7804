import { expect, test } from 'vitest';
import { metricTable } from '../../../src/io/metrics/metric-table.ts';
import { createMetricsText } from '../../../src/io/metrics/metrics-text.ts';
import { readExposition } from '../../helpers/exposition.ts';
import { figures, listenerFigures, worker } from './metric-samples.ts';

const page = async (read = () => figures): Promise<string> => (await createMetricsText(read)).render();

test('every figure is on the page under its name, in base units', async () => {
  const { series } = readExposition(await page());
  expect(Object.fromEntries(series)).toEqual({
    'apidefense_build_info{version="9.8.7"}': 1,
    apidefense_start_time_seconds: 1_700_000_000.5,
    'apidefense_policies{state="active"}': 4001,
    'apidefense_policies{state="shadow"}': 4002,
    'apidefense_policies{state="rejected"}': 4003,
    apidefense_feed_connections: 8001,
    apidefense_feed_subscribers: 8002,
    apidefense_feed_dropped_events_total: 8003,
    'apidefense_pods{state="enrolled"}': 2,
    'apidefense_pods{state="waiting"}': 0,
    'apidefense_pods{state="failed"}': 1,
    'apidefense_pods{state="host"}': 0,
    'apidefense_pods{state="left"}': 0,
    apidefense_pod_connections_outside: 42,
    'apidefense_connections_unjudged_total{pod="shop/a"}': 9310,
    'apidefense_connections_unjudged_total{pod="other"}': 9302,
    'apidefense_gear_ok{gear="tap"}': 1,
    'apidefense_gear_ok{gear="inline"}': 0,
    'apidefense_watchdog_restarts_total{reason="hung"}': 9101,
    'apidefense_watchdog_restarts_total{reason="died"}': 9102,
    apidefense_tap_rings: 9001,
    apidefense_tap_unheard_interfaces: 2,
    apidefense_tap_frames_total: 9002,
    apidefense_tap_dropped_frames_total: 9003,
    apidefense_tap_requests_total: 9009,
    apidefense_tap_attempts_total: 9010,
    apidefense_tap_open_connections: 9008,
    apidefense_tap_gap_bytes_total: 9012,
    apidefense_tap_evicted_total: 9016,
    apidefense_tap_buffered_bytes: 9020,
    apidefense_requests_total: 2003,
    'apidefense_flows_total{verdict="allow"}': 5001,
    'apidefense_flows_total{verdict="block"}': 5002,
    'apidefense_flows_total{verdict="throttle"}': 5003,
    'apidefense_flows_total{verdict="redact"}': 5004,
    apidefense_kernel_refused_total: 5010,
    'apidefense_policy_hits_total{policy="shop/\\"quoted\\"\\\\",mode="enforce"}': 6001,
    'apidefense_policy_hits_total{policy="shop/\\"quoted\\"\\\\",mode="shadow"}': 6002,
    'apidefense_policy_hits_total{policy="other",mode="enforce"}': 6003,
    'apidefense_policy_hits_total{policy="other",mode="shadow"}': 6004,
    'apidefense_lost_total{where="worker-ring"}': 7001,
    'apidefense_lost_total{where="details"}': 7002,
    'apidefense_received_bytes_total{side="client"}': 2004,
    'apidefense_received_bytes_total{side="upstream"}': 2005,
    apidefense_connections_accepted_total: 2001,
    'apidefense_connections_failed_total{reason="refused"}': 2002,
    'apidefense_connections_failed_total{reason="connect-failed"}': 2010,
    'apidefense_connections_failed_total{reason="expired"}': 2011,
    'apidefense_connections_failed_total{reason="overflowed"}': 2012,
    'apidefense_connections_failed_total{reason="fault"}': 2013,
    'apidefense_connections_refused_total{reason="full"}': 2020,
    'apidefense_connections_refused_total{reason="share"}': 2021,
    apidefense_connections_rejudged_total: 2014,
    'apidefense_worker_heartbeat_age_seconds{worker="data-plane"}': 0.125,
    'apidefense_worker_open_connections{worker="data-plane"}': 1010,
    'apidefense_worker_cpu_seconds_total{worker="data-plane",mode="user"}': 1.5,
    'apidefense_worker_cpu_seconds_total{worker="data-plane",mode="system"}': 0.25,
    'apidefense_worker_heap_bytes{worker="data-plane"}': 1003,
    'apidefense_worker_external_bytes{worker="data-plane"}': 1004,
    'apidefense_worker_buffered_bytes{worker="data-plane"}': 1005,
    'apidefense_worker_queue_bytes{worker="data-plane"}': 1006,
    'apidefense_worker_queue_peak_bytes{worker="data-plane"}': 1007,
    'apidefense_worker_queue_capacity_bytes{worker="data-plane"}': 1008,
    'apidefense_worker_lost_total{worker="data-plane"}': 1009,
    apidefense_process_cpu_seconds_total: 7.5,
    apidefense_process_resident_memory_bytes: 3001,
    apidefense_main_cpu_seconds_total: 3.25,
    apidefense_main_heap_bytes: 3002,
    apidefense_main_external_bytes: 3003,
    apidefense_main_loop_delay_p99_seconds: 0.002,
    apidefense_main_loop_delay_max_seconds: 0.031_25,
  });
});

test('every series has a help text and a type, and what only grows is called _total', async () => {
  const { help, types, series } = readExposition(await page());
  const names = new Set([...series.keys()].map((key) => key.split('{', 1)[0] ?? ''));
  expect([...names].filter((name) => !help.has(name) || !types.has(name))).toEqual([]);
  expect([...names].sort()).toEqual(metricTable.map(({ name }) => name).sort());
  for (const [name, type] of types)
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
});

test('no label can have more values than a bound of ours', () => {
  const labels = new Set(metricTable.flatMap((row) => row.labels));
  expect([...labels].sort()).toEqual(
    [
      'gear',
      'mode',
      'pod',
      'policy',
      'reason',
      'side',
      'state',
      'verdict',
      'version',
      'where',
      'worker',
    ].sort(),
  );
});

test('each page is of its own moment, and a policy that is no longer counted is no longer shown', async () => {
  let now = figures;
  const text = await createMetricsText(() => now);
  await text.render();
  now = {
    ...figures,
    policyHits: [{ policy: 'other', enforced: 6010, shadow: 6004 }],
    plane: { ...figures.plane, workers: [worker, { ...worker, name: 'second', lost: 0 }] },
  };
  const { series } = readExposition(await text.render());
  const hits = [...series.keys()].filter((key) => key.includes('policy='));
  expect(hits).toHaveLength(2);
  expect(series.get('apidefense_policy_hits_total{policy="other",mode="enforce"}')).toBe(6010);
  expect(series.get('apidefense_worker_lost_total{worker="second"}')).toBe(0);
});

test('an agent without a node tells nothing of pods', async () => {
  const { series } = readExposition(await page(() => listenerFigures));
  expect([...series.keys()].filter((key) => /_pods?\b|gear/.test(key))).toEqual([]);
});

test('those who ask at the same time get one page', async () => {
  let reads = 0;
  const text = await createMetricsText(() => {
    reads += 1;
    return figures;
  });
  const pages = await Promise.all([text.render(), text.render(), text.render()]);
  expect(new Set(pages).size).toBe(1);
  expect(reads).toBe(1);
  await text.render();
  expect(reads).toBe(2);
});

test('figures that cannot be read fail one scrape, not the next', async () => {
  let broken = true;
  const text = await createMetricsText(() => {
    if (broken) throw new Error('no figures');
    return figures;
  });
  await expect(text.render()).rejects.toThrow('no figures');
  broken = false;
  expect(readExposition(await text.render()).series.size).toBeGreaterThan(0);
});
