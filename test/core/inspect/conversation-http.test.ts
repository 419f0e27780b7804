// Playbooks of readable HTTP/1: judging, forwarding, order of answers, refusals, early and interim answers.
import { expect, test } from 'vitest';
import { bytesOf, createStage, deliver, play } from './playbook.ts';

const r = String.raw;

test('a request is forwarded as it is, and observed when its answer is complete', () => {
  const stage = play(r`
    >> start
    << connect
    >> idle?
    << idle
    >> client GET /orders/42?a=b HTTP/1.1\r\nhOST:  x \r\n\r\n
    << upstream GET /orders/42?a=b HTTP/1.1\r\nhOST:  x \r\n\r\n
    >> idle?
    >> wait 5
    >> upstream HTTP/1.1 200 OK\r\nContent-Le
    << busy
    << client HTTP/1.1 200 OK\r\nContent-Le
    >> wait 2
    >> upstream ngth: 2\r\n\r\nok
    << client ngth: 2\r\n\r\nok
    << observe GET /orders/42 200 allow
    >> idle?
    << idle
  `);
  const [exchange] = stage.exchanges;
  expect(exchange).toMatchObject({
    connection: 7,
    listener: 2,
    sequence: 0,
    generation: 1,
    startedAt: 1000,
    firstByteAt: 1005,
    endedAt: 1007,
    requestBytes: 42,
    responseBytes: 40,
    route: '/orders/{id}',
    normalisedPath: '',
  });
});

test('nothing of a request reaches upstream before its head is complete', () => {
  const stage = play(r`
    >> client GET /a HTTP/1.1\r\nHo
    >> idle?
    << busy
    >> wait 30
    >> client st: x\r\n\r
    >> client \n
    << upstream {get /a}
    >> upstream {200 ok}
    << client {200 ok}
    << observe GET /a 200 allow
  `);
  expect(stage.exchanges[0]).toMatchObject({ startedAt: 1000, firstByteAt: 1030, requestBytes: 28 });
});

test('a refused request is answered by us, the connection goes on, upstream sees nothing of it', () => {
  const stage = play(r`
    >> client {get /admin}{get /b}
    << client answer 403
    << upstream {get /b}
    << observe GET /admin 403 block local
    >> upstream {200 ok}
    << client {200 ok}
    << observe GET /b 200 allow
  `);
  expect(stage.exchanges[0]).toMatchObject({
    blockId: '00000000000000aa',
    normalisedPath: '/normalised',
    decision: { policy: 3, rule: 4 },
    firstByteAt: 1000,
    endedAt: 1000,
  });
  expect(Buffer.from(stage.exchanges[0]!.responseBody).toString()).toContain('00000000000000aa');
});

test('a throttled request is told when to come back, in whole seconds rounded up', () => {
  play(r`
    >> client {get /limit}
    << client answer 429 retry-after=2 "lab/p5-of-1";q=10;w=30 "lab/p5-of-1";r=0;t=2
    << observe GET /limit 429 throttle local
  `);
});

test('a 429 names the policy that refused, also when another snapshot came before its turn', () => {
  play(r`
    >> client {get /a}{get /limit}
    << upstream {get /a}
    << hold client
    >> policy l7
    >> rejudge
    >> upstream {200}
    << client {200}
    << client answer 429 retry-after=2 "lab/p5-of-1";q=10;w=30 "lab/p5-of-1";r=0;t=2
    << resume client
    << observe GET /a 200 allow
    << observe GET /limit 429 throttle local
  `);
});

test('a path that cannot be judged is a 400 by name, and framing being sound the connection stays', () => {
  play(r`
    >> client {get /nul}
    << client answer 400
    << observe GET /nul 400 block local broken=PATH_NUL
    >> idle?
    << idle
  `);
});

test('the answer to a refused HEAD has no body', () => {
  play(r`
    >> client HEAD /admin HTTP/1.1\r\nHost: x\r\n\r\n
    << client answer 403 no-body
    << observe HEAD /admin 403 block local
  `);
});

test('a policy may want a reset instead of an answer', () => {
  play(r`
    >> client {get /reset}
    << observe GET /reset 0 block cut=policy-cut
    << reset
    >> client {get /a}
    >> end client
  `);
});

test('a refused request behind outstanding answers waits for them, and what follows it waits too', () => {
  const stage = play(r`
    >> client {get /a}{get /admin}{get /b}
    << upstream {get /a}
    << hold client
    >> upstream {200 one}
    << client {200 one}
    << client answer 403
    << resume client
    << upstream {get /b}
    << observe GET /a 200 allow
    << observe GET /admin 403 block local
    >> upstream {200 two}
    << client {200 two}
    << observe GET /b 200 allow
  `);
  expect(stage.exchanges.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
});

test('a client that keeps sending although it is held loses nothing', () => {
  play(r`
    >> client {get /a}{get /admin}
    << upstream {get /a}
    << hold client
    >> client {get /b}
    >> upstream {200}
    << client {200}
    << client answer 403
    << resume client
    << upstream {get /b}
    << observe GET /a 200 allow
    << observe GET /admin 403 block local
  `);
});

test('a held client has a bound', () => {
  const stage = createStage({ heldBytes: 100 });
  deliver(stage, 'client', bytesOf('{get /a}{get /admin}'));
  stage.log.length = 0;
  deliver(stage, 'client', new Uint8Array(101).fill(65));
  expect(stage.log).toEqual([
    '<< observe GET /a 0 allow cut=limit',
    '<< observe GET /admin 0 block cut=limit',
    '<< reset',
  ]);
});

test('more outstanding requests than the limit hold the client', () => {
  play(
    r`
    >> client {get /1}{get /2}{get /3}
    << hold client
    << upstream {get /1}{get /2}
    >> upstream {200}
    << client {200}
    << resume client
    << hold client
    << upstream {get /3}
    << observe GET /1 200 allow
    >> upstream {200}{200}
    << client {200}{200}
    << resume client
    << observe GET /2 200 allow
    << observe GET /3 200 allow
  `,
    { outstandingRequests: 2 },
  );
});

test('the small body of a refused request is thrown away and the connection kept', () => {
  play(r`
    >> client {post /admin 5}ab
    << client answer 403
    >> idle?
    << busy
    >> client cde{get /a}
    << upstream {get /a}
    << observe POST /admin 403 block local
  `);
});

test('the large or chunked body of a refused request ends the connection', () => {
  play(r`
    >> client {post /admin 70000}ab
    << client answer 403 close
    << observe POST /admin 403 block local
    << close
    >> client cdefg
  `);
  play(r`
    >> client POST /admin HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n
    << client answer 403 close
    << observe POST /admin 403 block local
    << close
  `);
});

test('a refused request that waits for 100 never gets it, and the connection ends', () => {
  play(r`
    >> client POST /admin HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n
    << client answer 403 close
    << observe POST /admin 403 block local
    << close
  `);
});

test('100 and 103 pass through; the body and the answer follow', () => {
  play(r`
    >> client POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n
    << upstream POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n
    >> upstream HTTP/1.1 100 Continue\r\n\r\n
    << client HTTP/1.1 100 Continue\r\n\r\n
    >> client abc
    << upstream abc
    >> upstream HTTP/1.1 103 Early Hints\r\n\r\n{201 made}
    << client HTTP/1.1 103 Early Hints\r\n\r\n{201 made}
    << observe POST /a 201 allow
    >> idle?
    << idle
  `);
});

test('a final answer in place of the 100 ends the connection: nobody knows whether the body comes', () => {
  play(r`
    >> client POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n
    << upstream POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n
    >> upstream {417}
    << client {417}
    << observe POST /a 417 allow
    << close
    >> client {get /admin}
  `);
});

test('an answer that comes before the body is complete lets the body go on, then the next request', () => {
  play(r`
    >> client {post /a 5}ab
    << upstream {post /a 5}ab
    >> upstream {200}
    << client {200}
    >> client cde{get /b}
    << upstream cde{get /b}
    << observe POST /a 200 allow
    >> upstream {200}
    << client {200}
    << observe GET /b 200 allow
  `);
});

test('after Connection: close nothing more is read, and the end follows the answer', () => {
  play(r`
    >> client GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n{get /b}
    << upstream GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n
    >> upstream {200 ok}
    << client {200 ok}
    << observe GET /a 200 allow
    << close
  `);
});

test('an answer that closes ends the connection; requests behind it are observed without one', () => {
  play(r`
    >> client {get /a}{get /b}
    << upstream {get /a}{get /b}
    >> upstream HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n
    << client HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n
    << observe GET /a 200 allow
    << observe GET /b 0 allow cut=earlier-close
    << close
  `);
});

test('an answer delimited by the end of the stream', () => {
  play(r`
    >> client {get /a}
    << upstream {get /a}
    >> upstream HTTP/1.0 200 OK\r\n\r\nsome
    << client HTTP/1.0 200 OK\r\n\r\nsome
    >> upstream -more
    << client -more
    >> end upstream
    << observe GET /a 200 allow
    << close
  `);
});

test('all spellings of a path are one route, before and after it is learned', () => {
  const spellings = ['/thr/q', '/thr/./q', '/thr/%71', '/thr//q', '/thr/q;x=1', '/thr/q/', '//h/thr/q'];
  const stage = play(
    spellings.map((path) => `>> client {get ${path}}\n>> upstream {200}`).join('\n') +
      '\n' +
      `<< upstream {get ${spellings[0]!}}\n<< client {200}\n<< observe GET ${spellings[0]!} 200 allow\n` +
      spellings
        .slice(1)
        .map((path) => `<< upstream {get ${path}}\n<< client {200}\n<< observe GET ${path} 200 allow`)
        .join('\n'),
  );
  expect(new Set(stage.exchanges.map(({ route }) => route))).toEqual(new Set(['/thr/q']));
});

test.each(['secret.shop:abc', 'secret%2eshop', 'a:b:c', 'a:80x'])('Host %s is refused', (host) => {
  play(r`
    >> client GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n
    << client answer 400 close
    << observe GET / 400 block local broken=BAD_HOST
    << close
  `);
});

test('UTF-8 in a target that nobody encoded is judged and forwarded as it is, in whatever pieces it comes', () => {
  play(r`
    >> client GET /caf\xc3
    >> client \xa9?q=\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n
    << upstream GET /caf\xc3\xa9?q=\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n
  `);
  for (const target of [r`/caf\xe9`, r`/caf\xc3`, r`/\xc0\xaf`, r`/\xed\xa0\x80`])
    play(r`
      >> client GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n
      << client answer 400 close
      << observe GET ${target.replaceAll(/\\x(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))} 400 block local broken=TARGET_BYTE
      << close
    `);
});
