// The metrics endpoint: /metrics for Prometheus, /healthz beside it for whoever restarts agents outside of a cluster.
import type { Figures } from './figures.ts';
import { healthPage } from './health-server.ts';
import { createMetricsText } from './metrics-text.ts';
import { startPageServer, type PageAddress, type PageServer } from './page-server.ts';

/** What is served. */
export interface MetricsServerOptions {
  readonly address: PageAddress;
  /** Read at each scrape. */
  readonly figures: () => Figures;
  /** What is wrong, in a sentence; undefined while all is well. */
  readonly unwell: () => string | undefined;
}

/** Serves until `close`. @throws AppError METRICS_CANNOT_LISTEN. */
export async function startMetricsServer({
  address,
  figures,
  unwell,
}: MetricsServerOptions): Promise<PageServer> {
  const text = await createMetricsText(figures);
  return startPageServer({
    address,
    pages: {
      '/metrics': async () => ({
        ...{ status: 200, body: await text.render(), contentType: text.contentType },
      }),
      '/healthz': () => healthPage(unwell()),
    },
    words: { code: 'METRICS_CANNOT_LISTEN', what: 'The metrics endpoint', flag: '--metrics' },
  });
}
