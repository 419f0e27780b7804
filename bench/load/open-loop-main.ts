// The fixed-rate client: sends on schedule whether or not answers come, and counts latency from the scheduled moment, so
// that a stalled proxy cannot hide its stall. `open-loop-main PORT RATE SECONDS CONNECTIONS [HOST]` prints one JSON line.
import { quantile } from '../lib/statistics.ts';
import { createEpollClient } from './epoll-client.ts';
import { requestBytes } from './request.ts';

const [port = 0, rate = 0, seconds = 0, connections = 0] = process.argv.slice(2, 6).map(Number);
/** Not counted: JIT and connection set-up of the peer. */
const warmUpUs = 1_000_000;
/** How long answers may take after the last request was sent. */
const graceUs = 1_000_000;
const request = requestBytes();
const client = createEpollClient(process.argv[6]);
const nowUs = (): number => performance.now() * 1000;

interface Connection {
  fd: number;
  /** When the request under way was due; -1 when there is none. */
  dueUs: number;
  /** Bytes still to come of the answer under way, -1 before its head. */
  missing: number;
}

const byFd = new Map<number, Connection>();
const idle: Connection[] = [];
const waiting: number[] = [];
const latencies: number[] = [];
const lateness: number[] = [];
let errors = 0;
let answered = 0;
let behind = 0;

function open(): void {
  const connection: Connection = { fd: client.open(port), dueUs: -1, missing: -1 };
  byFd.set(connection.fd, connection);
  idle.push(connection);
}

function begin(connection: Connection, dueUs: number): void {
  connection.dueUs = dueUs;
  connection.missing = -1;
  if (!client.send(connection.fd, request)) fail(connection);
}

function fail(connection: Connection): void {
  errors++;
  byFd.delete(connection.fd);
  client.close(connection.fd);
  open();
}

/** Length of the whole answer whose head is in `input`, 0 when it is not a 200 with a Content-Length. */
function answerLength(length: number): number {
  const head = client.input.toString('latin1', 0, Math.min(length, 2048));
  const end = head.indexOf('\r\n\r\n');
  const size = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  return end > 0 && size !== undefined && head.startsWith('HTTP/1.1 200 ') ? end + 4 + Number(size) : 0;
}

function readable(connection: Connection, startUs: number): void {
  const got = client.receive(connection.fd);
  if (got === -1) return;
  if (got > 0 && connection.missing < 0) connection.missing = answerLength(got);
  if (got <= 0 || connection.missing === 0) {
    fail(connection);
    return;
  }
  connection.missing -= got;
  if (connection.missing > 0) return;
  answered++;
  if (connection.dueUs - startUs >= warmUpUs) latencies.push(nowUs() - connection.dueUs);
  connection.dueUs = -1;
  const next = waiting.shift();
  if (next === undefined) idle.push(connection);
  else begin(connection, next);
}

function run(): void {
  for (let i = 0; i < connections; i++) open();
  const total = Math.floor(rate * seconds) + Math.floor((rate * warmUpUs) / 1e6);
  const gapUs = 1e6 / rate;
  const startUs = nowUs();
  const endUs = startUs + total * gapUs + graceUs;
  let sent = 0;
  while (answered + errors < total && nowUs() < endUs) {
    for (let dueUs = startUs + sent * gapUs; sent < total && dueUs <= nowUs(); dueUs += gapUs) {
      sent++;
      const connection = idle.pop();
      if (connection === undefined) waiting.push(dueUs);
      else {
        begin(connection, dueUs);
        lateness.push(nowUs() - dueUs);
      }
      behind = Math.max(behind, waiting.length);
    }
    const nextUs = sent < total ? startUs + sent * gapUs : endUs;
    const ready = client.wait(Math.max(0, nextUs - nowUs()));
    for (let index = 0; index < ready; index++) {
      const connection = byFd.get(client.ready(index));
      if (connection !== undefined) readable(connection, startUs);
    }
  }
  errors += Math.max(0, total - answered - errors);
}

run();
latencies.sort((a, b) => a - b);
lateness.sort((a, b) => a - b);
const ms = (q: number): number => quantile(latencies, q) / 1000;
process.stdout.write(
  `${JSON.stringify({
    answered,
    errors,
    p50Ms: ms(0.5),
    p90Ms: ms(0.9),
    p99Ms: ms(0.99),
    p999Ms: ms(0.999),
    /** How late the client itself was, 99 %: what it cannot blame on the peer. */
    clientLateP99Ms: quantile(lateness, 0.99) / 1000,
    mostWaiting: behind,
  })}\n`,
);
process.exit(0);
