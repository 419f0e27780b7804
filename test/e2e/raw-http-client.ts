// A client that sends bytes exactly as given, one request at a time over kept connections, and says who answered.
import { connect, type Socket } from 'node:net';

/** Header every upstream of these tests sets on what it says; the agent's own answers do not have it. */
export const upstreamMark = 'x-upstream';

export interface Answer {
  /** 0 when the connection ended without one. */
  readonly status: number;
  readonly fromUpstream: boolean;
}

export interface RawClient {
  /** `headOnly`: the answer to HEAD has no body. `last`: the connection is not used again. */
  send(
    to: { readonly port: number; readonly localAddress: string },
    bytes: Uint8Array,
    options: { readonly headOnly: boolean; readonly last: boolean },
  ): Promise<Answer>;
  close(): void;
}

const nothing: Answer = { status: 0, fromUpstream: false };
const hungAfterMs = 10_000;

interface Answered extends Answer {
  readonly closes: boolean;
}

/** The answer at the start of `text` when it is complete. */
function readAnswer(text: string, headOnly: boolean): Answered | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end).toLowerCase();
  const length = headOnly ? 0 : Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
  if (text.length < end + 4 + length) return undefined;
  return {
    status: Number(head.slice(9, 12)),
    fromUpstream: head.includes(`\r\n${upstreamMark}: `),
    closes: head.includes('\r\nconnection: close'),
  };
}

function dial(port: number, localAddress: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
    socket.once('error', reject).once('connect', () => {
      socket.off('error', reject).on('error', () => undefined);
      resolve(socket);
    });
  });
}

function ask(socket: Socket, bytes: Uint8Array, headOnly: boolean): Promise<Answered> {
  return new Promise((resolve, reject) => {
    let text = '';
    const done = (answer: Answered): void => {
      clearTimeout(hung);
      socket.off('data', onData).off('close', onClose);
      resolve(answer);
    };
    const hung = setTimeout(
      () => reject(new Error(`no answer to ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`)),
      hungAfterMs,
    );
    const onClose = (): void => done({ ...nothing, closes: true });
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const answer = readAnswer(text, headOnly);
      if (answer !== undefined) done(answer);
    };
    socket.on('data', onData).on('close', onClose);
    socket.write(bytes);
  });
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve()).end();
  });

export function createRawClient(): RawClient {
  const kept = new Map<string, Socket>();
  return {
    async send({ port, localAddress }, bytes, { headOnly, last }) {
      const key = `${localAddress} ${port}`;
      const known = last ? undefined : kept.get(key);
      const socket = known ?? (await dial(port, localAddress));
      const { closes, ...answer } = await ask(socket, bytes, headOnly);
      if (closes || last) {
        kept.delete(key);
        await closed(socket);
      } else kept.set(key, socket);
      return answer;
    },
    close() {
      for (const socket of kept.values()) socket.destroy();
    },
  };
}
