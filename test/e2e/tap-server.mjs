// The server of the tap's tests, with its own log: every answer that was written whole, by method, path and status. `tap-server PORT` prints
// `listening`; a line on its input prints `log {…}`.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const log = new Map();
const count = (key) => log.set(key, (log.get(key) ?? 0) + 1);

function answer(request, response, received) {
  const [, kind, value] = request.url.split('?')[0].split('/');
  if (kind === 'status')
    response.writeHead(Number(value)).end(Number(value) === 204 || Number(value) === 304 ? undefined : 'x');
  else if (kind === 'bytes') response.end(Buffer.alloc(Number(value), 120));
  else if (kind === 'chunked') {
    for (let left = Number(value); left > 0; left -= 10_000)
      response.write(Buffer.alloc(Math.min(left, 10_000), 121));
    response.end();
  } else response.end(JSON.stringify({ path: request.url, received }));
}

const server = createServer((request, response) => {
  let received = 0;
  response.once('finish', () => count(`${request.method} ${request.url} ${response.statusCode}`));
  request.on('data', (part) => (received += part.length));
  request.on('end', () => answer(request, response, received));
});
server.listen(Number(process.argv[2]), '::', () => process.stdout.write('listening\n'));
createInterface({ input: process.stdin }).on('line', (word) =>
  process.stdout.write(`log ${word} ${JSON.stringify(Object.fromEntries(log))}\n`),
);
