// A caller in a pod of the field (node-field.ts): many single requests at once, kept connections by name, and a steady bounded load. Orders
// are lines of JSON on stdin, answered on stdout.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { clearTimeout } from 'node:timers';
import { setTimeout as pause } from 'node:timers/promises';

const say = (value) => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** Length of the whole answer at the start of `text`, 0 when it is not complete. */
function answerLength(text) {
  const head = text.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, Math.max(head, 0)));
  if (length === null) return 0;
  return text.length >= head + 4 + Number(length[1]) ? head + 4 + Number(length[1]) : 0;
}

/** One connection, on which one request after another is asked. */
class Line {
  text = '';
  error = '';
  ended = false;
  #look = () => undefined;

  constructor({ host, port }) {
    this.host = host;
    this.socket = connect({ host, port, noDelay: true }).setEncoding('latin1');
    const tell = () => this.#look();
    this.socket.on('data', (chunk) => ((this.text += chunk), tell()));
    this.socket.on('connect', tell);
    this.socket.on('end', () => ((this.ended = true), tell()));
    this.socket.on('error', (error) => ((this.error = error.code), tell()));
    this.socket.on('close', () => ((this.ended = true), tell()));
  }

  until(holds, giveUpMs = 30_000) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.error ||= 'GAVE_UP';
        this.#look();
      }, giveUpMs);
      this.#look = () => {
        if (!this.ended && this.error === '' && !holds()) return;
        clearTimeout(timer);
        this.#look = () => undefined;
        resolve();
      };
      this.#look();
    });
  }

  opened(giveUpMs) {
    return this.until(() => !this.socket.connecting, giveUpMs);
  }

  async exchange({ method = 'GET', path = '/', headers = {}, giveUpMs }) {
    this.text = '';
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    const fields = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket.write(`${method} ${path} HTTP/1.1\r\n${fields.join('')}\r\n`);
    await this.until(() => answerLength(this.text) > 0, giveUpMs);
    const whole = answerLength(this.text) > 0;
    const error = whole ? '' : this.error || (this.text === '' ? 'ENDED' : 'CUT_SHORT');
    const body = this.text.slice(this.text.indexOf('\r\n\r\n') + 4);
    return { status: whole ? Number(this.text.slice(9, 12)) : 0, error, body };
  }

  close() {
    this.socket.on('error', () => undefined).destroy();
  }
}

async function once(call) {
  const line = new Line(call);
  const answer = await line.exchange(call);
  const { localPort = 0 } = line.socket;
  line.close();
  return { ...answer, localPort };
}

const kept = new Map();
const loads = new Map();

/** Requests one after another until the load is stopped; `keeps`: on one connection as long as it lives. */
async function lane(load, { name, host, port, paths, most, keeps }) {
  let line;
  for (let count = 0; count < most && !load.stopped; count += 1) {
    const kind = paths[count % paths.length];
    const id = `${name}-${count}`;
    // A connection that has ended before anything was asked on it anew is nobody's failure.
    if (line === undefined || line.ended || line.error !== '') {
      line = new Line({ host, port });
      load.opened += 1;
    }
    const asked = { ...kind, path: `${kind.path}?id=${id}` };
    const { status, error } = await line.exchange(asked);
    load.asked.push({ id, path: kind.path, status, error, fresh: !keeps });
    if (!keeps) {
      line.close();
      line = undefined;
    }
    await pause(2);
  }
  line?.close();
}

const orders = {
  ready: () => true,
  once,
  /** Each on a connection of its own, some at a time. */
  async volley({ calls }) {
    const answers = [];
    let next = 0;
    const work = async () => {
      while (next < calls.length) {
        const at = next++;
        answers[at] = await once(calls[at]);
      }
    };
    await Promise.all(Array.from({ length: 24 }, work));
    return answers;
  },
  async open({ name, ...at }) {
    const line = new Line(at);
    kept.set(name, line);
    await line.opened();
    return { error: line.error, localPort: line.socket.localPort };
  },
  ask: ({ name, ...asked }) => kept.get(name).exchange(asked),
  state: ({ name }) => ({ ended: kept.get(name).ended, error: kept.get(name).error }),
  close({ name }) {
    kept.get(name).close();
    return kept.delete(name);
  },
  /** `kept` connections that go on and `fresh` lanes that open a new one for each request. */
  steady({ name, kept: keeping = 2, fresh = 1, most = 5_000, ...rest }) {
    const load = { stopped: false, asked: [], opened: 0 };
    const lanes = Array.from({ length: keeping + fresh }, (_, index) =>
      lane(load, { ...rest, most, name: `${name}${index}`, keeps: index < keeping }),
    );
    load.over = Promise.all(lanes);
    loads.set(name, load);
    return true;
  },
  count: ({ name }) => loads.get(name).asked.length,
  async stop({ name }) {
    const load = loads.get(name);
    load.stopped = true;
    await load.over;
    return { asked: load.asked, opened: load.opened };
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, order, ...rest } = JSON.parse(line);
  void Promise.resolve(orders[order](rest)).then((answer) => say({ id, answer }));
}
process.exit(0);
