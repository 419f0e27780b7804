// Runs inside a namespace of the tap's tests. `echo PORT` answers each connection with the bytes it got, upper-cased, after its end;
// `send HOST PORT BYTES TIMES` opens TIMES connections one after the other and prints the ports it used; `udp HOST PORT TIMES` sends datagrams.
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';

const [kind, ...words] = process.argv.slice(2);
const say = (text) => process.stdout.write(`${text}\n`);

function echo(port) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const parts = [];
    socket.on('data', (part) => parts.push(part));
    socket.on('end', () => socket.end(Buffer.concat(parts).toString('latin1').toUpperCase()));
    socket.on('error', () => undefined);
  });
  server.listen(port, '::', () => say('listening'));
}

function sendOnce(host, port, bytes) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true }, () => {
      const { localPort } = socket;
      let answered = 0;
      socket.on('data', (part) => (answered += part.length));
      socket.on('close', () =>
        answered === bytes ? resolve(localPort) : reject(new Error(`${answered} bytes`)),
      );
      socket.end('abcdefgh'.repeat(Math.ceil(bytes / 8)).slice(0, bytes));
    });
    socket.on('error', reject);
  });
}

async function send(host, port, bytes, times) {
  const used = [];
  for (let index = 0; index < times; index++) used.push(await sendOnce(host, port, bytes));
  say(`ports ${used.join(' ')}`);
}

async function udp(host, port, times) {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  for (let index = 0; index < times; index++)
    await new Promise((resolve) => socket.send(`question ${index}`, port, host, resolve));
  socket.close();
}

if (kind === 'echo') echo(Number(words[0]));
if (kind === 'send') await send(words[0], ...words.slice(1).map(Number));
if (kind === 'udp') await udp(words[0], ...words.slice(1).map(Number));
