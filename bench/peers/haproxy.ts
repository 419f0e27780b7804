// HAProxy: one thread, keep-alive to the upstream. The rules as one list that it indexes, or as a deny line each, which is
// what rules that differ in more than the path come to.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, start, untilListening } from '../lib/started-process.ts';
import { commandIn } from '../load/place.ts';
import { refusedPrefix, times, unreachedRate, type Peer } from './peer.ts';

type Style = 'list' | 'lines';

/** Writes the list where there is one and returns the configuration's lines. */
function denyLines(style: Style, rules: number, listFile: string): readonly string[] {
  if (style === 'lines') {
    return times(rules, (index) => `  http-request deny if { path_beg ${refusedPrefix(index)} }`);
  }
  if (rules === 0) return [];
  writeFileSync(listFile, `${times(rules, refusedPrefix).join('\n')}\n`);
  return [`  http-request deny if { path_beg -f ${listFile} }`];
}

/** Counts in a stick table, by caller. */
const throttleLines = [
  '  stick-table type ip size 100k expire 10s store http_req_rate(1s)',
  '  http-request track-sc0 src',
  `  http-request deny deny_status 429 if { sc_http_req_rate(0) gt ${unreachedRate} }`,
];

const inStyle = (style: Style): Peer => ({
  name: style === 'list' ? 'HAProxy' : 'HAProxy, a line each',
  start: async ({ upstreamPort, rules, throttle, pod, directory }) => {
    const port = await freePort();
    const file = join(directory, `haproxy-${port}.cfg`);
    const deny = denyLines(style, rules, join(directory, `haproxy-${port}.lst`));
    const lines = [
      'global',
      '  nbthread 1',
      '  maxconn 9950',
      'defaults',
      '  mode http',
      '  timeout connect 5s',
      '  timeout client 300s',
      '  timeout server 300s',
      '  option http-keep-alive',
      '  http-reuse safe',
      'frontend f',
      `  bind ${pod?.host ?? '127.0.0.1'}:${port}`,
      ...(throttle === true ? throttleLines : []),
      ...deny,
      '  default_backend b',
      'backend b',
      `  server s 127.0.0.1:${upstreamPort}`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const process = start(...commandIn(pod, ['haproxy', '-db', '-q', '-f', file]));
    await untilListening(port, process);
    return { port, pids: () => [process.pid], stop: process.stop };
  },
});

/** One indexed list: the cheapest way to write rules that differ in the path only. */
export const haproxy = inStyle('list');
/** One rule after the other. */
export const haproxyLines = inStyle('lines');
