// Where a pod of the shop in a cluster begins: one role, told everything by its environment. Ends in order on SIGTERM.
import { serviceNames, type CallerName } from '../topology.ts';
import { readPodOrders, type PodOrders } from './pod-orders.ts';
import type { TrafficStart } from '../traffic/traffic-start.ts';

/** Loaded only in the pod that runs it. */
const callers: Readonly<Record<CallerName, () => Promise<(start: TrafficStart) => void>>> = {
  web: async () => (await import('../traffic/web.ts')).runWeb,
  nightly: async () => (await import('../traffic/nightly.ts')).runNightly,
  scanner: async () => (await import('../traffic/scanner.ts')).runScanner,
};

async function begin({ role, port, forSeconds, ...start }: PodOrders): Promise<void> {
  const service = serviceNames.find((name) => name === role);
  if (service !== undefined) {
    const { runService } = await import('../run-service.ts');
    const running = await runService(service, { ...start, port, host: '0.0.0.0' });
    running.wire(start.urls);
    return;
  }
  (await callers[role as CallerName]())(start);
  if (forSeconds > 0) setTimeout(leave, forSeconds * 1000);
}

/** Databases are in memory: nothing is left behind. */
const leave = (): void => process.exit(0);

process.on('SIGTERM', leave);
process.on('SIGINT', leave);
await begin(readPodOrders(process.env));
