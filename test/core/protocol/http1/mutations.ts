// Requests and answers that are right, and the ways in which attackers and broken programs bend them. Seeded.
import type { Random } from './random.ts';

export const requestSeeds: readonly string[] = [
  'GET /orders/42?a=b HTTP/1.1\r\nHost: shop.local\r\nAccept: */*\r\n\r\n',
  'POST /orders HTTP/1.1\r\nHost: shop.local\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}',
  'POST /pay HTTP/1.1\r\nHost: shop.local\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n2;x=y\r\nef\r\n0\r\nT: u\r\n\r\n',
  'GET http://shop.local/a HTTP/1.1\r\nHost: shop.local\r\nConnection: close\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: shop.local\r\n\r\nHEAD /b HTTP/1.1\r\nHost: shop.local\r\n\r\n',
  'PUT /c HTTP/1.1\r\nHost: shop.local\r\nContent-Length: 3\r\n\r\nabcGET /d HTTP/1.1\r\nHost: shop.local\r\n\r\n',
  'DELETE /users/7 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
];

export const responseSeeds: readonly string[] = [
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\nuntil the end',
  'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
];

/** Fragments that parsers are known to disagree about. */
export const fragments: readonly string[] = [
  '\n',
  '\r',
  '\r\n',
  '\r\n\r\n',
  '\0',
  ' ',
  '\t',
  '\x0b',
  ':',
  ';',
  ',',
  '#',
  '\xff',
  '%00',
  '%2f',
  '//',
  '/../',
  'Content-Length: 5\r\n',
  'content-length: 0\r\n',
  'Content-Length: +3\r\n',
  'Content-Length: 3, 3\r\n',
  'Content-Length : 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Transfer-Encoding: chunked, chunked\r\n',
  'Transfer-Encoding:\x0bchunked\r\n',
  'Transfer-Encoding : chunked\r\n',
  'Host: evil.local\r\n',
  'Host:\r\n',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  'X: y\r\n folded\r\n',
  'X\r\n',
  ': empty\r\n',
  '0x',
  '+',
  '-',
  'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/0.9',
];

function splice(bytes: Uint8Array, at: number, cut: number, insert: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + cut)]);
}

/** Somewhere a line begins: where whole header lines fit. */
function lineStart(random: Random, bytes: Uint8Array): number {
  const starts = [...bytes.keys()].filter((at) => bytes[at - 1] === 10);
  return starts.length === 0 ? 0 : random.pick(starts);
}

function once(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const fragment = Buffer.from(random.pick(fragments), 'latin1');
  switch (random.below(7)) {
    case 0:
      return splice(bytes, at, 1, Uint8Array.of(random.below(256)));
    case 1:
      return splice(bytes, at, 1, new Uint8Array(0));
    case 2:
      return splice(bytes, at, 0, fragment);
    case 3:
      return splice(bytes, at, random.below(4), fragment);
    case 4:
      return bytes.slice(0, at);
    case 5: {
      const from = random.below(bytes.length + 1);
      return splice(bytes, at, 0, bytes.slice(from, from + random.below(30)));
    }
    default:
      return splice(bytes, lineStart(random, bytes), 0, fragment);
  }
}

/** One to three mutations, now and then none. */
export function mutate(random: Random, seed: Uint8Array): Uint8Array {
  let bytes = seed;
  const count = random.below(4);
  for (let round = 0; round < count; round += 1) bytes = once(random, bytes);
  return bytes;
}
