// One request on a connection of its own: `ask-main HOST PORT PATH` prints the status, 0 without an answer.
import { get } from 'node:http';

const [host, port, path] = process.argv.slice(2);
const say = (status: number): void => {
  process.stdout.write(`${status}\n`);
  process.exit(0);
};
get({ host, port, path, agent: false, timeout: 5_000 }, ({ statusCode }) => say(statusCode ?? 0))
  .on('error', () => say(0))
  .on('timeout', () => say(0));
