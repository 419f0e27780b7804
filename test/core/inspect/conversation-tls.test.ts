// Playbooks of TLS: where requests must be read only TLS passes unread, shown by both sides, and it stays TLS.
import { expect, test } from 'vitest';
import { bytesOf, createStage, deliver, play } from './playbook.ts';

const r = String.raw;

test('a request behind two bytes of TLS is refused where requests must be read', () => {
  play(r`
    >> client \x16\x03 /admin/x HTTP/1.1\r\nHost: a\r\n\r\n
    << client answer 400 close
    << observe - - 400 block local broken=BAD_METHOD
    << close
  `);
});

test('a request in the free bytes of a hello is refused too', () => {
  play(r`
    >> client \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03 /admin/x HTTP/1.0\r\n\r\nrrrrrrrrrr\x00\x00\x02\x13\x01\x01\x00
    << client answer 400 close
    << observe - - 400 block local broken=BAD_METHOD
    << close
  `);
});

test('nothing of a hello passes before all of it has come, and its end has a deadline', () => {
  play(r`
    >> client \x16\x03\x01\x00\x2d\x01
    >> owes?
    << owes
    >> abort client head-timeout
    << client answer 408 close
    << observe - - 408 allow local cut=head-timeout
    << close
  `);
  const stage = createStage();
  const hello = bytesOf('{client hello}');
  for (let at = 0; at < hello.length - 1; at += 1) deliver(stage, 'client', hello.subarray(at, at + 1));
  expect(stage.log).toEqual([]);
  deliver(stage, 'client', hello.subarray(-1));
  expect(stage.log).toHaveLength(1);
});

test('what follows the hello waits for an answer in TLS: a server that reads lines never gets the rest of its line', () => {
  play(r`
    >> client {client hello}\x17\x03\x03\x00\x14 /admin/x HTTP/1.1\r\n
    << upstream {client hello}
    << hold client
    >> client \x17\x03\x03
    >> upstream {server hello}
    << client {server hello}
    << resume client
    << upstream \x17\x03\x03\x00\x14 /admin/x HTTP/1.1\r\n\x17\x03\x03
    << observe - - 0 allow opening opaque=tls
  `);
  play(r`
    >> client {client hello}
    << upstream {client hello}
    >> client \x14\x03\x03\x00\x01\x01
    << hold client
    >> upstream HTTP/1.0 400 Bad Request\r\n\r\n
    << observe - - 0 block broken=TLS_FRAMING cut=policy-cut opaque=tls req=50 res=0
    << reset
  `);
});

test('an upstream that ends instead of an answer ends the connection', () => {
  play(r`
    >> client {client hello}\x14
    << upstream {client hello}
    << hold client
    >> end upstream
    << observe - - 0 allow opaque=tls req=50 res=0
    << close
  `);
});

test('a record that does not fit cuts the connection, from either side', () => {
  play(r`
    >> client {client hello}
    << upstream {client hello}
    >> upstream {server hello}
    << client {server hello}
    << observe - - 0 allow opening opaque=tls
    >> client \x17\x03\x03\x00\x02ab
    << upstream \x17\x03\x03\x00\x02ab
    >> client GET /admin HTTP/1.1\r\n
    << observe - - 0 block broken=TLS_FRAMING cut=policy-cut opaque=tls req=57 res=9
    << reset
  `);
  play(r`
    >> client {client hello}
    << upstream {client hello}
    >> upstream {server hello}HTTP
    << observe - - 0 block broken=TLS_FRAMING cut=policy-cut opaque=tls req=50 res=0
    << reset
  `);
});

test('without a policy that reads requests such bytes pass, visibly, and are cut when one comes', () => {
  play(r`
    >> policy none
    >> client \x16\x03 /x HTTP/1.1\r\nHost: a\r\n\r\n
    << upstream \x16\x03 /x HTTP/1.1\r\nHost: a\r\n\r\n
    >> upstream {200}
    << client {200}
    << observe - - 0 allow opening broken=TLS_FRAMING opaque=tls
    >> policy l7
    >> rejudge
    << observe - - 0 block broken=TLS_FRAMING cut=policy-cut opaque=tls req=27 res=37
    << reset
  `);
});

test('TLS that no policy watched and upstream has not answered is cut when requests must be read', () => {
  play(r`
    >> policy none
    >> client {client hello}
    << upstream {client hello}
    >> policy l7
    >> rejudge
    << observe - - 0 block broken=TLS_FRAMING cut=policy-cut opaque=tls req=50 res=0
    << reset
  `);
});

test('what only begins like the HTTP/2 preface is read as HTTP/1', () => {
  play(r`
    >> client PRI /admin HTTP/1.1\r\nHost: x\r\n\r\n
    << client answer 403
    << observe PRI /admin 403 block local
  `);
});
