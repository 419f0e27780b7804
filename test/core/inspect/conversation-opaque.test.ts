// Playbooks of what is not readable HTTP/1: malformed bytes on either side, TLS, HTTP/2, unknown. Tunnels are in conversation-tunnel.
// The rule under all of them: opaque is never a way around an enforcing policy that must read requests.
import { expect, test } from 'vitest';
import { play } from './playbook.ts';

const r = String.raw;

test('a malformed request under an enforcing policy is a 400 and the end', () => {
  const stage = play(r`
    >> client GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nXYZ
    << client answer 400 close
    << observe GET /a 400 block local broken=CL_AND_TE
    << close
    >> client {get /b}
    >> end client
  `);
  expect(stage.exchanges[0]).toMatchObject({
    decision: { policy: -2, rule: -1 },
    blockId: '00000000000000aa',
  });
  expect(stage.policy.judged).toEqual([]);
});

test('the same bytes without one pass as they are, visibly, and everything after them too', () => {
  const bytes = r`GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nXYZ`;
  play(`
    >> policy none
    >> client ${bytes}
    << upstream ${bytes}
    >> client more
    << upstream more
    >> upstream anything
    << client anything
    << observe GET /a 0 allow opening broken=CL_AND_TE opaque=broken
    >> end upstream
    << shutdown client
    >> end client
    << observe GET /a 0 allow broken=CL_AND_TE opaque=broken req=82 res=8
    << close
  `);
});

test('a head that breaks after it came in pieces is forwarded whole', () => {
  play(r`
    >> policy l4
    >> client GET / HTTP/1.1\r\nHo
    >> client st: x\r\nBad
    >> client  name: y\r\n\r\nrest
    << upstream GET / HTTP/1.1\r\nHost: x\r\nBad name: y\r\n\r\nrest
    >> end client
    << shutdown upstream
    >> end upstream
    << observe - - 0 allow broken=SPACE_BEFORE_COLON opaque=broken req=44 res=0
    << close
  `);
});

test('where a policy on the connection blocks, malformed bytes are reset', () => {
  play(r`
    >> policy l4 opaque=block
    >> client GET / HTTP/9\r\n
    << observe - - 0 block broken=BAD_VERSION cut=policy-cut opaque=broken req=0 res=0
    << reset
  `);
});

test('a 400 behind outstanding answers waits for them', () => {
  play(r`
    >> client {get /a}BAD\r\n
    << upstream {get /a}
    >> upstream {200}
    << client {200}
    << client answer 400 close
    << observe GET /a 200 allow
    << observe - - 400 block local broken=BAD_METHOD
    << close
  `);
});

test('a body that breaks after its request was forwarded: 400 when nothing was answered yet', () => {
  play(r`
    >> client POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX
    << upstream POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc
    << client answer 400 close
    << observe POST /a 400 block local broken=BAD_CHUNK_END
    << close
  `);
});

test('a body that breaks when its answer has begun ends the connection', () => {
  play(r`
    >> client POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc
    << upstream POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc
    >> upstream HTTP/1.1 200 OK\r\n
    << client HTTP/1.1 200 OK\r\n
    >> client X
    << observe POST /a 0 block broken=BAD_CHUNK_END cut=policy-cut
    << close
  `);
});

test('a body that breaks without an enforcing policy goes on as it is', () => {
  play(r`
    >> policy none
    >> client POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX{get /admin}
    << upstream POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX{get /admin}
    >> upstream {400 bad}
    << client {400 bad}
    << observe POST /a 0 allow opening broken=BAD_CHUNK_END opaque=broken
    >> abort client reset
    << observe POST /a 0 allow broken=BAD_CHUNK_END cut=client-reset opaque=broken req=96 res=40
  `);
});

test('the end of the stream inside a head', () => {
  play(r`
    >> client GET /a HTT
    >> end client
    << shutdown upstream
    << client answer 400 close
    << observe - - 400 block local broken=EOF_IN_HEAD
    << close
  `);
  play(r`
    >> policy none
    >> client GET /a HTT
    >> end client
    << upstream GET /a HTT
    << shutdown upstream
    >> end upstream
    << observe - - 0 allow broken=EOF_IN_HEAD opaque=broken req=10 res=0
    << close
  `);
});

test('under an enforcing policy a broken answer is a 502 and the end, and none of it passes', () => {
  for (const fields of [
    r`Content-Length: 1\r\nContent-Length: 2`,
    r`Content-Length: 1\r\nTransfer-Encoding: chunked`,
  ])
    play(r`
      >> client {get /a}{get /b}
      << upstream {get /a}{get /b}
      >> upstream {200 ok}HTTP/1.1 200 OK\r\n${fields}\r\n\r\nab
      << client {200 ok}
      << client answer 502 close
      << observe GET /a 200 allow
      << observe GET /b 502 allow local broken=${fields.includes('chunked') ? 'CL_AND_TE' : 'DUPLICATE_CL'}
      << close
    `);
});

test('what of a broken answer passed before it was found out is cut off there', () => {
  play(r`
    >> client {get /a}{get /admin}
    << upstream {get /a}
    << hold client
    >> upstream HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n
    << client HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n
    >> upstream xx\r\n
    << observe GET /a 200 allow broken=BAD_CHUNK_SIZE cut=policy-cut
    << observe GET /admin 0 block cut=earlier-close
    << close
  `);
});

test('no answer of ours follows one that closes', () => {
  for (const head of [
    r`HTTP/1.1 200 S\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok`,
    r`HTTP/1.0 200 S\r\nContent-Length: 2\r\n\r\nok`,
  ])
    for (const [path, status] of [
      ['/admin', 'block'],
      ['/limit', 'throttle'],
    ] as const)
      play(r`
        >> client {get /a}{get ${path}}
        << upstream {get /a}
        << hold client
        >> upstream ${head}
        << client ${head}
        << observe GET /a 200 allow
        << observe GET ${path} 0 ${status} cut=earlier-close
        << close
      `);
  play(r`
    >> client {get /a}BAD\r\n
    << upstream {get /a}
    >> upstream HTTP/1.1 200 S\r\n\r\nok
    << client HTTP/1.1 200 S\r\n\r\nok
    >> end upstream
    << observe GET /a 200 allow
    << observe - - 0 block broken=BAD_METHOD cut=upstream-closed
    << close
  `);
});

test('a broken answer without an enforcing policy makes the connection opaque, a half-read head included', () => {
  play(r`
    >> policy none
    >> client {get /a}GET /b HT
    << upstream {get /a}
    >> upstream HTTP/1.1 2x
    << upstream GET /b HT
    << client HTTP/1.1 2x
    << observe GET /a 0 allow opening broken=BAD_STATUS opaque=broken
    >> client TP/1.1
    << upstream TP/1.1
    >> end client
    << shutdown upstream
    >> end upstream
    << observe GET /a 0 allow broken=BAD_STATUS opaque=broken req=43 res=11
    << close
  `);
});

test('an answer to no request is not passed on: the client would take it for the next one', () => {
  play(r`
    >> client {get /a}
    << upstream {get /a}
    >> upstream {200 ok}{200 poison}
    << client {200 ok}
    << observe GET /a 200 allow
    << observe - - 0 allow broken=UNSOLICITED_RESPONSE opaque=broken req=0 res=43
    << close
  `);
});

test('TLS and other binary protocols follow the policies of the connection', () => {
  play(r`
    >> start
    << connect
    >> client {client hello}
    << upstream {client hello}
    >> upstream {server hello}
    << client {server hello}
    << observe - - 0 allow opening opaque=tls
    >> idle?
    << busy
    >> end client
    << shutdown upstream
    >> end upstream
    << observe - - 0 allow opaque=tls req=50 res=9
    << close
  `);
  play(r`
    >> policy opaque=block
    >> client \x16\x03\x01
    << observe - - 0 block cut=policy-cut opaque=tls req=0 res=0
    << reset
  `);
  play(r`
    >> policy l4
    >> client \x00\x00\x00\x17
    << upstream \x00\x00\x00\x17
    >> abort upstream reset
    << observe - - 0 allow cut=upstream-reset opaque=unknown req=4 res=0
  `);
});

test('HTTP/2 by prior knowledge is refused where requests must be read, opaque elsewhere', () => {
  play(r`
    >> client PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n
    << client answer 400 close
    << observe - - 400 block local broken=H2_PRIOR_KNOWLEDGE opaque=h2 req=0 res=326
    << close
  `);
  play(r`
    >> policy none
    >> client P
    >> client R
    >> client I * HTTP/2.0\r\n
    >> client \r\nSM\r\n\r\n
    << upstream PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n
    >> policy l7
    >> rejudge
    << observe - - 0 block broken=H2_PRIOR_KNOWLEDGE cut=policy-cut opaque=h2 req=24 res=0
    << reset
  `);
});

test('a method that begins like the HTTP/2 preface is HTTP/1', () => {
  play(r`
    >> client P
    >> idle?
    << busy
    >> client UT / HTTP/1.1\r\nHost: x\r\n\r\n
    << upstream PUT / HTTP/1.1\r\nHost: x\r\n\r\n
  `);
});

test('an upgrade to h2c is refused where requests must be read, with or without Connection', () => {
  for (const connection of ['Connection: Upgrade, HTTP2-Settings\\r\\n', ''])
    play(`
      >> client GET / HTTP/1.1\\r\\nHost: x\\r\\n${connection}Upgrade: h2c\\r\\n\\r\\n
      << client answer 400 close
      << observe GET / 400 block local broken=H2C_UPGRADE
      << close
    `);
});

test('a server that speaks first is not HTTP', () => {
  play(r`
    >> start
    << connect
    >> upstream 220 mail ready\r\n
    << client 220 mail ready\r\n
    >> client EHLO x\r\n
    << upstream EHLO x\r\n
    << observe - - 0 allow opening opaque=server-first
    >> abort client reset
    << observe - - 0 allow cut=client-reset opaque=server-first req=8 res=16
  `);
});

test('a server that times out an idle connection does not make it opaque', () => {
  play(r`
    >> upstream HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n
    << observe - - 0 allow broken=UNSOLICITED_RESPONSE opaque=broken req=0 res=51
    << close
    >> client {get /admin}
  `);
});

test.each([r`\x0b`, r`\x0c`, r`\x1c`, r`\x85`, r`\xa0`, r`\x00`, r`\x16`, r`\xef\xbb\xbf`])(
  'a request behind %s is refused where requests must be read',
  (byte) => {
    play(r`
      >> client ${byte}{get /admin}
      << client answer 400 close
      << observe - - 400 block local broken=BAD_METHOD
      << close
    `);
  },
);

test('an opaque connection to an upstream that cannot be reached is reset', () => {
  play(r`
    >> client {client hello}
    << upstream {client hello}
    >> connect refused
    << observe - - 0 allow cut=connect-refused opaque=tls req=50 res=0
    << reset
  `);
  play(r`
    >> connect refused
    >> client {client hello}
    << observe - - 0 allow cut=connect-refused opaque=tls req=0 res=0
    << reset
  `);
});
