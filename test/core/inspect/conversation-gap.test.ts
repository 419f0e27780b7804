// Bytes that nobody saw: skipped where a body of known length hides them, and the end of reading everywhere else.
import { expect, test } from 'vitest';
import { play } from './playbook.ts';

const r = String.raw;
const watch = (script: string): ReturnType<typeof play> =>
  play(`>> policy none\n>> start\n<< connect\n${script}`, {}, true);

test('a hole in the body of a request is skipped, counted, and marks the window', () => {
  const stage = watch(r`
    >> client POST /a HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nabc
    << upstream POST /a HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nabc
    >> gap client 4
    << reads on
    >> client xyz{get /b}
    << upstream xyz{get /b}
    >> upstream {200 ok}{204}
    << client {200 ok}{204}
    << observe POST /a 200 allow
    << observe GET /b 204 allow
  `);
  const [first] = stage.exchanges;
  expect(first).toMatchObject({ requestBodyTruncated: true, requestBodyLength: 3 });
  expect(first?.requestBytes).toBe(first!.headLength + 10);
});

test('a hole that is exactly the rest of a body completes it', () => {
  watch(r`
    >> client {post /a 5}
    << upstream {post /a 5}
    >> gap client 5
    << reads on
    >> upstream HTTP/1.1 200 S\r\nContent-Length: 4\r\n\r\nab
    << client HTTP/1.1 200 S\r\nContent-Length: 4\r\n\r\nab
    >> gap upstream 2
    << observe POST /a 200 allow
    << reads on
    >> idle?
    << idle
  `);
});

test('a hole within one chunk of an answer is skipped, one beyond it ends reading', () => {
  watch(r`
    >> client {get /a}
    << upstream {get /a}
    >> upstream HTTP/1.1 200 S\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nab
    << client HTTP/1.1 200 S\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nab
    >> gap upstream 8
    << reads on
    >> upstream \r\n0\r\n\r\n
    << client \r\n0\r\n\r\n
    << observe GET /a 200 allow
    >> client {get /b}
    << upstream {get /b}
    >> upstream HTTP/1.1 200 S\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nab
    << client HTTP/1.1 200 S\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nab
    >> gap upstream 9
    << observe GET /b 200 allow cut=gap
    << lost sight
    >> client {get /invented}
    << upstream {get /invented}
    << observe - - 0 allow opening opaque=gap
    >> abort client gap
    << observe - - 0 allow cut=gap opaque=gap req=35 res=9
  `);
});

test('an answer that only its end delimits goes on over any hole', () => {
  watch(r`
    >> client {get /a}
    << upstream {get /a}
    >> upstream HTTP/1.1 200 S\r\n\r\nab
    << client HTTP/1.1 200 S\r\n\r\nab
    >> gap upstream 100000
    << reads on
    >> end upstream
    << observe GET /a 200 allow
    << close
  `);
});

test.each([
  ['before the first byte', ''],
  [
    'between two requests',
    '>> client {get /a}\n<< upstream {get /a}\n>> upstream {200}\n<< client {200}\n<< observe GET /a 200 allow',
  ],
])('a hole %s leaves nothing that could be read', (_, before) => {
  watch(
    `${before}
    >> gap client 30
    << lost sight
    >> client {get /in-a-body}
    << upstream {get /in-a-body}
    >> end client
    << shutdown upstream
    >> end upstream
    << observe - - 0 allow opaque=gap req=66 res=0
    << close
  `,
  );
});

test('a hole in a head, an unknown length, or a pipelined request whose answer is due: all that was known is told', () => {
  watch(r`
    >> client {get /a}GET /b HT
    << upstream {get /a}
    >> gap client 0
    << observe GET /a 0 allow cut=gap
    << lost sight
    >> abort client idle-timeout
    << observe - - 0 allow cut=idle-timeout opaque=gap req=9 res=0
  `);
});

test('what is opaque anyway only counts the hole', () => {
  watch(r`
    >> client \x16\x03\x01\x00\x05
    << upstream \x16\x03\x01\x00\x05
    >> gap upstream 50
    << observe - - 0 allow opening opaque=tls
    << reads on
    >> gap client 7
    << reads on
    >> abort upstream reset
    << observe - - 0 allow cut=upstream-reset opaque=tls req=12 res=50
  `);
});

test('a server that resets before its answer is told as such: a watcher makes up no 502', () => {
  watch(r`
    >> client {get /a}
    << upstream {get /a}
    >> abort upstream reset
    << observe GET /a 0 allow cut=upstream-reset
  `);
});
