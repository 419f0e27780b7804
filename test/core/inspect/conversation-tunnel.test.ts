// Playbooks of connections that go on without being read: upgrades, CONNECT, and what a new policy does to streams already open.
// The rule under all of them: an open stream meets what a new one would.
import { test } from 'vitest';
import { play } from './playbook.ts';

const r = String.raw;

test('an upgrade that was refused by upstream leaves HTTP, and what waited is judged', () => {
  play(r`
    >> client GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n{get /admin}
    << hold client
    << upstream GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n
    >> upstream {200 no}
    << client {200 no}
    << resume client
    << client answer 403
    << observe GET /chat 200 allow
    << observe GET /admin 403 block local
  `);
});

test('an upgraded connection is cut when its request would now be refused, and only then', () => {
  play(r`
    >> client GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n
    << hold client
    << upstream GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n
    >> upstream HTTP/1.1 101 S\r\n\r\n
    << client HTTP/1.1 101 S\r\n\r\n
    << resume client
    << observe GET /chat 101 allow opening opaque=upgrade
    >> policy l7 deny=/other opaque=block
    >> rejudge
    >> policy l7 deny=/chat opaque=allow
    >> rejudge
    << observe GET /chat 101 block cut=policy-cut opaque=upgrade req=72 res=18
    << reset
  `);
});

test('a 101 that nobody asked for is a broken answer, not a tunnel', () => {
  play(r`
    >> client {get /a}
    << upstream {get /a}
    >> upstream HTTP/1.1 101 S\r\n\r\n
    << client answer 502 close
    << observe GET /a 502 allow local broken=UNEXPECTED_UPGRADE
    << close
  `);
});

test('CONNECT is raw where no policy must read; refused by upstream it stays HTTP', () => {
  play(r`
    >> policy none
    >> client CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n
    << hold client
    << upstream CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n
    >> upstream HTTP/1.1 200 Established\r\n\r\n
    << client HTTP/1.1 200 Established\r\n\r\n
    << resume client
    << observe CONNECT - 200 allow opening opaque=connect
    >> client \x00\x01
    << upstream \x00\x01
    >> abort client reset
    << observe CONNECT - 200 allow cut=client-reset opaque=connect req=45 res=28
  `);
  play(r`
    >> policy none
    >> client CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n{get /admin}
    << hold client
    << upstream CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n
    >> upstream {403 no}
    << client {403 no}
    << resume client
    << client answer 403
    << observe CONNECT - 403 allow
    << observe GET /admin 403 block local
  `);
});

test('CONNECT is refused where requests must be read, and a tunnel is cut when they must be from now on', () => {
  const connect = r`CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n`;
  play(r`
    >> client ${connect}{get /admin}
    << client answer 400 close
    << observe CONNECT - 400 block local broken=CONNECT_TUNNEL
    << close
  `);
  play(r`
    >> policy none
    >> client ${connect}
    << hold client
    << upstream ${connect}
    >> policy l7
    >> upstream HTTP/1.1 200 S\r\nContent-Length: 0\r\n\r\n
    << client answer 502 close
    << observe CONNECT - 502 allow local broken=CONNECT_TUNNEL
    << close
  `);
  play(r`
    >> policy none
    >> client ${connect}
    << hold client
    << upstream ${connect}
    >> upstream {200}
    << client {200}
    << resume client
    << observe CONNECT - 200 allow opening opaque=connect
    >> policy l7
    >> rejudge
    << observe CONNECT - 200 block broken=CONNECT_TUNNEL cut=policy-cut opaque=connect req=43 res=37
    << reset
  `);
});

test.each(['websocket, H2C/1', 'h2c', 'H2c / 2', 'a/1,h2C'])('Upgrade: %s is h2c', (value) => {
  play(r`
    >> client GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${value}\r\n\r\n
    << client answer 400 close
    << observe GET / 400 block local broken=H2C_UPGRADE
    << close
  `);
});

test('an opaque connection is cut when it is now blocked, or when requests must now be read', () => {
  play(r`
    >> policy none
    >> client {client hello}
    << upstream {client hello}
    >> upstream {server hello}
    << client {server hello}
    << observe - - 0 allow opening opaque=tls
    >> policy l7
    >> rejudge
    >> policy opaque=block
    >> rejudge
    << observe - - 0 block cut=policy-cut opaque=tls req=50 res=9
    << reset
  `);
  play(r`
    >> policy none
    >> client GET / HTTP/3\r\n
    << upstream GET / HTTP/3\r\n
    >> policy l7
    >> rejudge
    << observe - - 0 block broken=BAD_VERSION cut=policy-cut opaque=broken req=14 res=0
    << reset
  `);
});

test('a stream that its client began without text meets at rejudge what a new one would: 400 and the end', () => {
  const bytes = String.raw`\x00\x00\x00\x17`;
  play(`
    >> policy l7 opaque=allow
    >> client ${bytes}
    << client answer 400 close
    << observe - - 400 block local broken=BAD_METHOD
    << close
  `);
  play(`
    >> policy none
    >> client ${bytes}
    << upstream ${bytes}
    >> policy l4
    >> rejudge
    >> policy l7 opaque=allow
    >> rejudge
    << observe - - 0 block broken=BAD_METHOD cut=policy-cut opaque=unknown req=4 res=0
    << reset
  `);
});

test('a stream whose server spoke first is left to the failure of a policy that comes later, as a new one is', () => {
  play(r`
    >> policy none
    >> start
    << connect
    >> upstream 220 mail ready\r\n
    << client 220 mail ready\r\n
    >> policy l7 opaque=allow
    >> rejudge
    >> policy l7 opaque=block
    >> rejudge
    << observe - - 0 block cut=policy-cut opaque=server-first req=0 res=16
    << reset
  `);
});
