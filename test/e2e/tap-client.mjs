// The client of the tap's tests: `tap-client HOST PORT ROUNDS` runs every kind of request so often, on a few kept connections and on new ones.
import { Agent, request } from 'node:http';

const [host, port, rounds] = process.argv.slice(2);
const kept = new Agent({ keepAlive: true, maxSockets: 4 });
const fresh = new Agent({ keepAlive: false });

const ask = (agent, method, path, body) =>
  new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-length': body.length };
    const sent = request({ host, port: Number(port), agent, method, path, headers }, (response) => {
      response.on('data', () => undefined);
      response.on('end', resolve);
    });
    sent.on('error', reject);
    sent.end(body);
  });

const kinds = [
  ['GET', '/orders/7?page=2'],
  ['GET', '/bytes/0'],
  ['GET', '/bytes/1448'],
  ['GET', '/bytes/100000'],
  ['GET', '/bytes/1048576'],
  ['GET', '/chunked/65000'],
  ['HEAD', '/bytes/5000'],
  ['DELETE', '/status/204'],
  ['GET', '/status/304'],
  ['GET', '/status/404'],
  ['GET', '/status/500'],
  ['POST', '/upload/small', Buffer.alloc(900, 97)],
  ['POST', '/upload/large', Buffer.alloc(1_048_576, 98)],
  ['PUT', '/upload/none', Buffer.alloc(0)],
];

for (let round = 0; round < Number(rounds); round++)
  for (const agent of [kept, fresh]) await Promise.all(kinds.map((kind) => ask(agent, ...kind)));
kept.destroy();
