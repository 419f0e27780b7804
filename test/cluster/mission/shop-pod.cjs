// What a pod of the mission's shop runs, as text in its arguments: an HTTP service that also calls others when it is asked to. It knows nothing of
// api-defense. GET /call?url=… (several): each is asked once; answers as JSON. GET /load?url=…: each is asked again and again from now on;
// GET /counts: what came of it by URL, how often, and when the answer became another one (epoch ms). Anything else: who it is.
/* global setTimeout, process, URL, console */
const http = require('node:http');
const kept = new http.Agent({ keepAlive: true });
const startedMs = Date.now();
const loads = {};

function ask(url, agent = false) {
  return new Promise((done) => {
    const fail = (error) => done({ status: error.code ?? error.message, body: '' });
    const sent = http.get(url, { agent, timeout: 60_000 }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text) => (body += text));
      answer.on('end', () => done({ status: String(answer.statusCode), body })).on('error', fail);
    });
    sent.on('timeout', () => sent.destroy(new Error('timeout'))).on('error', fail);
  });
}

/** New connections and kept ones in turn. */
async function load(url) {
  const mine = (loads[url] ??= { counts: {}, changes: [] });
  for (let turn = 0; ; turn += 1) {
    const { status } = await ask(url, turn % 2 === 0 ? false : kept);
    mine.counts[status] = (mine.counts[status] ?? 0) + 1;
    if (mine.changes.at(-1)?.status !== status) mine.changes.push({ status, ms: Date.now() });
    await new Promise((next) => setTimeout(next, 20));
  }
}

function answerTo({ pathname, searchParams }) {
  const urls = searchParams.getAll('url');
  if (pathname === '/call') return Promise.all(urls.map((url) => ask(url)));
  if (pathname === '/load') urls.filter((url) => loads[url] === undefined).forEach((url) => void load(url));
  return pathname === '/load' || pathname === '/counts' ? loads : { pod: process.env.POD, startedMs };
}

const server = http.createServer(async (request, response) => {
  response.end(JSON.stringify(await answerTo(new URL(request.url, 'http://pod'))));
});
// A caller that is late must not meet a connection that was idle for too long: what fails is to be somebody else's doing.
server.keepAliveTimeout = 0;
server.listen(Number(process.env.PORT), () => console.log('listening'));
