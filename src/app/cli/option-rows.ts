// Options that several verbs have, as rows of their help. Data only; those of a cluster are cluster/cluster-options.ts'.
import type { OptionRow } from './verbs.ts';

const tokenFile: OptionRow = {
  flags: '--token-file <file>',
  text: 'file whose first line is the token of the feed',
};
/** Which agent. */
export const connect: readonly OptionRow[] = [
  {
    flags: '--connect <address>',
    text: 'feed of the agent: 127.0.0.1:PORT or unix:PATH (default: the demo of this user)',
  },
  tokenFile,
];
/** Which agent, for the terminal view: without a word it is a cluster's. */
export const rootConnect: readonly OptionRow[] = [
  {
    flags: '--connect <address>',
    text: 'feed of an agent: 127.0.0.1:PORT or unix:PATH (default: the cluster of your kubeconfig, without one the demo of this user)',
  },
  tokenFile,
];
/** Of events. */
export const output: OptionRow = {
  flags: '-o, --output <format>',
  text: 'how to print events',
  choices: ['table', 'json', 'ndjson'],
  fallback: 'table',
};
/** Of a state. */
export const tableOrJson: OptionRow = {
  flags: '-o, --output <format>',
  text: 'how to print',
  choices: ['table', 'json'],
  fallback: 'table',
};
/** Where the terminal view is the default. */
export const noUi: readonly OptionRow[] = [
  { flags: '--no-ui', text: 'print events instead of opening the terminal view' },
  output,
];
/** Of the terminal view. */
export const terminal: readonly OptionRow[] = [
  { flags: '--read-only', text: 'bind no key that changes anything' },
  { flags: '--theme <name>', text: 'default, high-contrast, mono, or a theme of your own' },
  { flags: '--keys <file>', text: 'key bindings by name (YAML)' },
  { flags: '--ascii', text: 'draw with ASCII only' },
  {
    flags: '--color <when>',
    text: 'when to use colour',
    choices: ['auto', 'always', 'never'],
    fallback: 'auto',
  },
];
/** Which flows. */
export const window: readonly OptionRow[] = [
  { flags: '--last <n>', text: 'at most so many, the newest' },
  { flags: '--since <duration>', text: 'how far back: 90s, 5m, 1h' },
  { flags: '-f, --follow', text: 'go on with what comes' },
];
/** Where a node keeps what agents need of it. */
export const nodeRoots: readonly OptionRow[] = [
  { flags: '--netns <dir>', text: "where pods' network namespaces are", fallback: '/run/netns' },
  { flags: '--sysctl <dir>', text: "the node's kernel settings", fallback: '/proc/sys/net' },
];
