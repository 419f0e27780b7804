// Load from a pod of the lab, on orders that come as lines of JSON: streams of requests at a steady pace, each on a connection of its own, and
// streams on connections that are kept. Counts what came of each, by the request's start.
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { clearInterval, clearTimeout, setInterval } from 'node:timers';

const say = (value) => void process.stdout.write(`${JSON.stringify(value)}\n`);
const streams = new Map();

/** With the caller's own port, by which the server knows that nobody is in between. */
const requestOf = (path, kept, port) =>
  `GET ${path} HTTP/1.1\r\nHost: orders\r\nX-Port: ${port}\r\n${kept ? '' : 'Connection: close\r\n'}\r\n`;

/** Length of the whole answer at the start of `text`, 0 when it is not complete. */
function answerLength(text) {
  const head = text.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(text);
  if (head < 0 || length === null) return 0;
  const end = head + 4 + Number(length[1]);
  return text.length >= end ? end : 0;
}

/** One exchange on a socket: a status, or why there was none. */
function exchange(socket, path, { timeoutMs, kept }) {
  return new Promise((resolve) => {
    let text = '';
    const timer = setTimeout(() => done('timeout'), timeoutMs);
    const onData = (chunk) => {
      text += chunk.toString('latin1');
      if (answerLength(text) > 0) done(text.slice(9, 12));
    };
    const onError = ({ code }) => done(code);
    const onEnd = () => done('ended');
    function done(outcome) {
      clearTimeout(timer);
      socket.off('data', onData).off('error', onError).off('end', onEnd).off('close', onEnd);
      resolve(outcome);
    }
    socket.on('data', onData).on('error', onError).on('end', onEnd).on('close', onEnd);
    const send = () => socket.write(requestOf(path, kept, socket.localPort));
    if (socket.connecting) socket.once('connect', send);
    else send();
  });
}

function dial({ host, port }) {
  const socket = connect({ host, port, noDelay: true });
  // Told to whoever asks on it; between two requests nobody does.
  socket.on('error', () => undefined);
  return socket;
}

async function once(stream, record = {}) {
  const socket = dial(stream);
  socket.once('connect', () => (record.port = socket.localPort));
  const outcome = await exchange(socket, stream.path, { ...stream, kept: false });
  socket.destroy();
  return outcome;
}

/** On the lane's one socket; a new one when it is gone, which is counted. */
async function onKept(stream, lane) {
  const { socket } = lane;
  if (socket === undefined || socket.destroyed || socket.readableEnded) {
    lane.socket = dial(stream);
    stream.sockets += 1;
  }
  lane.busy = true;
  const outcome = await exchange(lane.socket, stream.path, { ...stream, kept: true });
  lane.busy = false;
  if (!/^\d+$/.test(outcome)) lane.socket.destroy();
  return outcome;
}

function send(stream) {
  const lane = stream.lanes.find(({ busy }) => !busy);
  if (stream.kept && lane === undefined) return;
  const record = { startMs: performance.now(), outcome: '', port: 0, tookMs: 0 };
  stream.records.push(record);
  const ended = (stream.kept ? onKept(stream, lane) : once(stream, record)).then((outcome) => {
    record.outcome = outcome;
    record.tookMs = performance.now() - record.startMs;
    stream.open.delete(ended);
  });
  stream.open.add(ended);
}

/** From the start of the first request that was not `good` to the start of the next that was. */
function longestOutage(records, good) {
  let [since, longest] = [undefined, 0];
  for (const { startMs, outcome } of records) {
    const isGood = good.includes(outcome);
    if (!isGood) since ??= startMs;
    if (since !== undefined) longest = Math.max(longest, startMs - since);
    if (isGood) since = undefined;
  }
  return Math.round(longest);
}

const orders = {
  ready: () => true,
  /** `kept`: so many connections that are used again and again, none for a connection each. */
  start({ name, ...how }) {
    const stream = { timeoutMs: 5_000, everyMs: 50, path: '/', kept: 0, ...how };
    const lanes = Array.from({ length: stream.kept }, () => ({ socket: undefined, busy: false }));
    Object.assign(stream, { records: [], open: new Set(), sockets: 0, lanes });
    // In turn, so that each lane is used.
    stream.timer = setInterval(() => {
      send(stream);
      lanes.push(...lanes.splice(0, 1));
    }, stream.everyMs);
    send(stream);
    streams.set(name, stream);
    return true;
  },
  /** How many have begun, and how many of each outcome are over, since the last `take`. */
  count({ name }) {
    const { records } = streams.get(name);
    const outcomes = {};
    for (const { outcome } of records) if (outcome !== '') outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    return { begun: records.length, outcomes };
  },
  /** The requests begun since the last `take`, once all of them are over. */
  async take({ name, good }) {
    const stream = streams.get(name);
    const records = stream.records.splice(0);
    await Promise.all(stream.open);
    const outcomes = {};
    for (const { outcome } of records) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    const failures = records.filter(({ outcome }) => !good.includes(outcome));
    const { sockets } = stream;
    return {
      requests: records.length,
      failed: failures.length,
      failures: failures.slice(0, 10).map(({ startMs, ...rest }) => ({
        ...rest,
        began: new Date(performance.timeOrigin + startMs).toISOString(),
      })),
      outcomes,
      longestOutageMs: longestOutage(records, good),
      sockets,
    };
  },
  stop({ name }) {
    const stream = streams.get(name);
    if (stream === undefined) return true;
    streams.delete(name);
    clearInterval(stream.timer);
    return Promise.all(stream.open).then(() => {
      for (const { socket } of stream.lanes) socket?.destroy();
      return true;
    });
  },
  get: (order) => once({ timeoutMs: 5_000, path: '/', ...order }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, order, ...rest } = JSON.parse(line);
  void Promise.resolve(orders[order](rest)).then((answer) => say({ id, answer }));
}
process.exit(0);
