// Random HTTP conversations over TCP for property tests: batches of requests, each batch answered before the next, cut into segments anywhere.
// Bodies like to look like requests and answers, at the very beginning of segments.
import fc from 'fast-check';
import { answer, chunked, get, post, usual, Wire } from './wire.ts';

export interface Message {
  readonly request: string;
  readonly answer: string;
  /** As `lineOf` says it. */
  readonly line: string;
}

export interface Script {
  readonly batches: readonly (readonly Message[])[];
  readonly port: number;
  readonly first: Readonly<Record<'client' | 'upstream', number>>;
  /** Sizes that segments are cut to, in turn. */
  readonly sizes: readonly number[];
  readonly closes: boolean;
}

const body = fc.oneof(
  fc.constantFrom(get('/invented'), answer('invented'), get('/invented').repeat(30), ''),
  fc.string({ maxLength: 400 }).map((text) => text.replace(/[^ -~]/g, '?')),
  fc.nat({ max: 6000 }).map((length) => 'x'.repeat(length)),
);

const path = fc.integer({ min: 0, max: 99 }).map((number) => `/p${number}`);

const request = fc.oneof(
  path.map((at) => ({ text: get(at), name: `GET ${at}` })),
  fc.tuple(path, body).map(([at, text]) => ({ text: post(at, text), name: `POST ${at}` })),
  fc.tuple(path, body).map(([at, text]) => ({
    text: `PUT ${at} HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(
      text === '' ? 'x' : text,
    )
      .split('\r\n\r\n')
      .slice(1)
      .join('\r\n\r\n')}`,
    name: `PUT ${at}`,
  })),
);

const response = fc.oneof(
  fc
    .tuple(body, fc.constantFrom(200, 404, 500))
    .map(([text, status]) => ({ text: answer(text, status), status })),
  body.map((text) => ({ text: chunked(text === '' ? 'x' : text, 'y'), status: 200 })),
  body.map((text) => ({ text: `HTTP/1.1 103 Hints\r\n\r\n${answer(text)}`, status: 200 })),
);

const message: fc.Arbitrary<Message> = fc.tuple(request, response).map(([asked, told]) => ({
  request: asked.text,
  answer: told.text,
  line: `${asked.name} ${told.status}`,
}));

const word = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.integer({ min: 0xffffff00, max: 0xffffffff }),
);

export const script: fc.Arbitrary<Script> = fc.record({
  batches: fc.array(fc.array(message, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
  port: fc.integer({ min: 40_000, max: 40_003 }),
  first: fc.record({ client: word, upstream: word }),
  sizes: fc.array(fc.constantFrom(1448, 1, 7, 37, 100, 536, 4000), { minLength: 1, maxLength: 6 }),
  closes: fc.boolean(),
});

/** The frames of a script in order; the first three are the handshake. */
export function framesOf({ batches, port, first, sizes, closes }: Script): readonly Uint8Array[] {
  const wire = new Wire({ ...usual, clientPort: port }, first).open();
  let turn = 0;
  const say = (side: 'client' | 'upstream', text: string): void => {
    for (let at = 0; at < text.length;) {
      // Small segments are dear to test; a few of them are enough.
      const size = Math.max(sizes[turn % sizes.length]!, Math.ceil(text.length / 24));
      turn += 1;
      wire.say(side, text.slice(at, at + size), size);
      at += size;
    }
  };
  for (const batch of batches) {
    say('client', batch.map(({ request: text }) => text).join(''));
    say('upstream', batch.map(({ answer: text }) => text).join(''));
  }
  if (closes) wire.close();
  return wire.frames;
}

export const linesOf = ({ batches }: Script): readonly string[] => batches.flat().map(({ line }) => line);
