// Peak load by wrk: closed loop, as fast as the peer answers.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { commandIn, type LoadPlace } from './place.ts';
import { requestHeaders, requestPath } from './request.ts';

export interface PeakResult {
  readonly requestsPerSecond: number;
  readonly requests: number;
  /** Socket errors and answers other than 2xx and 3xx. */
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const unitMs: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

function duration(text: string, pattern: RegExp): number {
  const found = pattern.exec(text);
  return Number(found?.[1] ?? Number.NaN) * (unitMs[found?.[2] ?? ''] ?? Number.NaN);
}

const count = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);

/** Runs wrk with one thread. `Host` in that spelling: another makes wrk send two, and every strict proxy answer 400. */
export async function runWrk(options: {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly place?: LoadPlace;
}): Promise<PeakResult> {
  const headers = [['Host', 'api.shop.svc.cluster.local'] as const, ...requestHeaders].flatMap(
    ([name, value]) => ['-H', `${name}: ${value}`],
  );
  const [command, args] = commandIn(options.place, [
    ...['wrk', '-t1'],
    `-c${options.connections}`,
    `-d${options.seconds}s`,
    '--latency',
    ...headers,
    `http://${options.place?.host ?? '127.0.0.1'}:${options.port}${requestPath}`,
  ]);
  const { stdout } = await promisify(execFile)(command, args);
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout);
  const failed = (socketErrors ?? []).slice(1).reduce((sum, part) => sum + Number(part), 0);
  return {
    requestsPerSecond: count(stdout, /Requests\/sec:\s+([\d.]+)/),
    requests: count(stdout, /(\d+) requests in/),
    errors: failed + count(stdout, /Non-2xx or 3xx responses: (\d+)/),
    p50Ms: duration(stdout, /50%\s+([\d.]+)(us|ms|s)/),
    p99Ms: duration(stdout, /99%\s+([\d.]+)(us|ms|s)/),
  };
}
