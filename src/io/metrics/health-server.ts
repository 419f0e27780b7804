// The health endpoint: whether the program works (/livez, /healthz) and whether it does what it is there for (/readyz), for kubelet. It says nothing of
// anybody's traffic, so that it may be asked without credentials.
import { startPageServer, type Page, type PageAddress, type PageServer } from './page-server.ts';

/** What is served. */
export interface HealthServerOptions {
  readonly address: PageAddress;
  /** What is wrong, in a sentence; undefined while all is well. */
  readonly unwell: () => string | undefined;
  /** Why it is not ready, in a sentence; undefined when it is. */
  readonly unready: () => string | undefined;
}

/** `ok`, or 503 with the sentence. */
export const healthPage = (sentence: string | undefined): Page =>
  sentence === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `${sentence}\n` };

/** Serves until `close`. @throws AppError HEALTH_CANNOT_LISTEN. */
export function startHealthServer({ address, unwell, unready }: HealthServerOptions): Promise<PageServer> {
  const live = (): Page => healthPage(unwell());
  return startPageServer({
    address,
    pages: { '/livez': live, '/readyz': () => healthPage(unwell() ?? unready()), '/healthz': live },
    words: { code: 'HEALTH_CANNOT_LISTEN', what: 'The health endpoint', flag: '--health' },
  });
}
