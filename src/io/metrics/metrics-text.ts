// Figures of the agent -> Prometheus' text, through prom-client, which is loaded only here and only when metrics are asked for.
import type { Counter, Gauge } from 'prom-client';
import type { Figures } from './figures.ts';
import { metricTable, type MetricRow, type Sample } from './metric-table.ts';

/** A page and what to call it. */
export interface MetricsText {
  readonly contentType: string;
  /** The page of now; `read` is called once. */
  render(): Promise<string>;
}

/** All samples of a metric anew. The sums are the agent's own, so they are put rather than added to. */
function put(metric: Counter | Gauge, samples: readonly Sample[]): void {
  metric.reset();
  for (const { labels = {}, value } of samples)
    if ('set' in metric) metric.set(labels, value);
    else metric.inc(labels, value);
}

/** A registry of its own: what other code of the process registers is not shown. */
export async function createMetricsText(read: () => Figures): Promise<MetricsText> {
  const prometheus = await import('prom-client');
  const registry = new prometheus.Registry();
  const make = ({ name, help, type, labels }: MetricRow): Counter | Gauge => {
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    return type === 'counter' ? new prometheus.Counter(options) : new prometheus.Gauge(options);
  };
  const metrics = metricTable.map((row) => ({ row, metric: make(row) }));
  let rendering: Promise<string> | undefined;
  const renderNow = async (): Promise<string> => {
    const figures = read();
    for (const { row, metric } of metrics) put(metric, row.samples(figures));
    return registry.metrics();
  };
  return {
    contentType: registry.contentType,
    // Who asks while a page is made gets that one.
    render: () => (rendering ??= renderNow().finally(() => (rendering = undefined))),
  };
}
