// What the kernel refuses at the source, by the real agent in real namespaces: each attempt is told once with its policy's name, a flood is
// bounded and its rest told as a number, and nothing is left behind.
import { afterAll, beforeAll, expect } from 'vitest';
import type { FlowEvent } from '../../src/core/model/event.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { refusalLogGroup } from '../../src/core/plan/node-constants.ts';
import { closeNetns, openNetns } from '../../src/io/kernel/node/netns.ts';
import { openNodeKernel } from '../../src/io/kernel/node/node-kernel.ts';
import { createRefusalLogs } from '../../src/io/kernel/node/refusal-log.ts';
import { noRules, type Hands } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { createNodeAgentLab, policyOn, type NodeAgentLab } from './node-agent-lab.ts';
import { traces } from './node-fixture.ts';

const node = testUnless(noRules);
/** On the link, and nobody's. */
const outside = { four: '10.77.0.200', six: 'fd77::c8', silent: '10.77.0.201' } as const;
let lab: NodeAgentLab;
let caller: Hands;
let untouched: string;

const egress = (name: string, cidrs: readonly string[], more: Partial<Policy['spec']> = {}): Policy =>
  policyOn(name, { to: { peers: cidrs.map((cidr) => ({ cidr })) }, ...more });

const attemptsOf = (policy: string): readonly FlowEvent[] =>
  lab.flows().filter(({ verdict, opaque }) => verdict.policy === policy && opaque === 'attempt');
const lost = (): number =>
  lab.events.reduce(
    (sum, event) => sum + (event.type === 'lost' && event.where === 'kernel-attempt' ? event.count : 0),
    0,
  );
/** Packets of the caller to an address of ours outside, as the kernel counts them in a table that no agent knows, before any agent's. */
function sentTo(counter: keyof typeof outside): number {
  const text = lab.net.run(lab.pods.scanner, 'nft', ['list', 'counter', 'inet', 'witness', counter]);
  return Number(/packets (\d+)/.exec(text)?.[1]);
}
const witness = `table inet witness {
${Object.keys(outside)
  .map((name) => ` counter ${name} { }\n`)
  .join('')}
 chain out { type filter hook output priority -200; policy accept;
  ip daddr ${outside.four} counter name four
  ip6 daddr ${outside.six} meta l4proto { tcp, udp } counter name six
  ip daddr ${outside.silent} counter name silent
 }
}
`;
/** Without the witness's figures. */
const counted = (text: string): string => text.replace(/packets \d+ bytes \d+/g, '');
const listeners = (): string =>
  lab.net.run(lab.pods.scanner, 'cat', ['/proc/net/netfilter/nfnetlink_log']).trim();

beforeAll(async () => {
  if (noRules !== '') return;
  lab = await createNodeAgentLab();
  caller = lab.net.start(lab.pods.scanner, 'egress-client.mjs');
  await caller.ask({ order: 'ready' });
  lab.net.run(lab.pods.scanner, 'nft', ['-f', '-'], witness);
  untouched = counted(traces(lab.net, lab.pods.scanner));
  await lab.start();
});

afterAll(async () => {
  if (noRules !== '') return;
  await lab[Symbol.asyncDispose]();
});

node('a pod of which nothing is refused at the source is not listened to', async () => {
  await lab.put(policyOn('inbound', {}));
  expect(listeners()).toBe('');
  await lab.remove('shop/inbound');
});

node('TCP of both families and UDP are told with the policy, both ends and how they ended', async () => {
  const told = await lab.put(egress('egress', [`${outside.four}/32`, `${outside.six}/128`]));
  expect(told).toMatchObject({ enforcement: { state: 'enforced', gears: ['kernel'] } });
  expect(listeners()).not.toBe('');
  expect(await caller.ask({ order: 'tcp', host: outside.four, port: 443 })).toEqual({ ECONNREFUSED: 1 });
  expect(await caller.ask({ order: 'tcp', host: outside.six, port: 8443 })).toEqual({ ECONNREFUSED: 1 });
  await caller.ask({ order: 'udp', host: outside.four, port: 123 });
  await caller.ask({ order: 'udp', host: outside.six, port: 124 });
  const flows = await until('four attempts', () => {
    const found = attemptsOf('shop/egress');
    return found.length >= 4 ? found : undefined;
  });
  const called = [
    [lab.pods.scanner.ipv4, `${outside.four}:443`],
    [`[${lab.pods.scanner.ipv6}]`, `[${outside.six}]:8443`],
    [lab.pods.scanner.ipv4, `${outside.four}:123`],
    [`[${lab.pods.scanner.ipv6}]`, `[${outside.six}]:124`],
  ];
  expect(
    flows.map(({ source, destination }) => [source.address?.replace(/:\d+$/, ''), destination.address]),
  ).toEqual(called);
  for (const flow of flows)
    expect(flow).toMatchObject({
      source: { workload: 'scanner', namespace: 'shop', principal: 'sa:shop/scanner' },
      destination: { namespace: '' },
      ...{ gear: 'kernel', protocol: 'opaque', opaque: 'attempt', ended: 'connect-refused' },
      verdict: { action: 'block', mode: 'enforce', policy: 'shop/egress' },
    });
  expect(new Set(flows.map(({ id }) => id)).size).toBe(4);
  expect([sentTo('four'), sentTo('six'), lost()]).toEqual([2, 2, 0]);
  // Reported once: no tap has seen any of it.
  expect(lab.flows().filter(({ destination }) => destination.address === `${outside.four}:443`)).toHaveLength(
    1,
  );
});

node('a SYN that nobody answers is sent again and is one attempt', async () => {
  await lab.put(
    egress('silence', [`${outside.silent}/32`], { action: { type: 'Block', block: { answer: 'Drop' } } }),
  );
  await caller.ask({ order: 'hang', host: outside.silent, port: 80 });
  await until('it is sent a third time', () => sentTo('silent') >= 3);
  await caller.ask({ order: 'hangUp' });
  // The one behind it is told by a later look, so all looks before have seen the three.
  await caller.ask({ order: 'tcp', host: outside.four, port: 444 });
  await until('what came later is told', () =>
    attemptsOf('shop/egress').some(({ destination }) => destination.address?.endsWith(':444')),
  );
  expect(attemptsOf('shop/silence')).toMatchObject([
    { ended: 'connect-timeout', destination: { address: `${outside.silent}:80` } },
  ]);
  expect(lost()).toBe(0);
  await lab.remove('shop/silence');
});

node(
  'of a flood of 20,000 some are told, and the rest as a number: together what the kernel counted',
  async () => {
    const before = {
      told: attemptsOf('shop/egress').length,
      lost: lost(),
      counted: sentTo('four'),
    };
    expect(await caller.ask({ order: 'tcp', host: outside.four, port: 445, count: 20_000 })).toEqual({
      ECONNREFUSED: 20_000,
    });
    const sum = (): number => attemptsOf('shop/egress').length - before.told + lost() - before.lost;
    await until('all of it is told', () => sum() >= 20_000);
    const told = attemptsOf('shop/egress').length - before.told;
    console.log(`flood: ${told} told, ${lost() - before.lost} as a number`);
    expect(sum()).toBe(20_000);
    expect(sentTo('four') - before.counted).toBe(20_000);
    expect(told).toBeGreaterThanOrEqual(500);
    expect(told).toBeLessThan(20_000);
    // What comes after it is heard again.
    await caller.ask({ order: 'tcp', host: outside.six, port: 446 });
    await until('the next attempt', () =>
      attemptsOf('shop/egress').some(({ destination }) => destination.address?.endsWith(':446')),
    );
  },
);

node('without the policy nobody listens any more, and what was refused at last is told', async () => {
  await caller.ask({ order: 'tcp', host: outside.four, port: 447 });
  await lab.remove('shop/egress');
  expect(listeners()).toBe('');
  await until('the last attempt', () =>
    lab.flows().some(({ destination }) => destination.address === `${outside.four}:447`),
  );
});

node(
  'where somebody else has the group it is said once, told as a number, and heard again when they leave',
  async () => {
    const { generation } = await lab.status();
    const kernel = await openNodeKernel();
    const netns = openNetns(lab.pods.scanner.path);
    const theirs = createRefusalLogs(kernel, 16)(netns, refusalLogGroup(generation));
    await lab.put(egress('egress', [`${outside.four}/32`]));
    const before = { lost: lost(), told: attemptsOf('shop/egress').length };
    await caller.ask({ order: 'tcp', host: outside.four, port: 450, count: 3 });
    await until('they are told as a number', () => lost() - before.lost >= 3);
    expect([lost() - before.lost, attemptsOf('shop/egress').length]).toEqual([3, before.told]);
    theirs.close();
    closeNetns(netns);
    kernel.close();
    await until('the agent listens', () => listeners() !== '');
    await caller.ask({ order: 'tcp', host: outside.four, port: 451 });
    await until('the attempt behind it', () => attemptsOf('shop/egress').length > before.told);
    expect(lost() - before.lost).toBe(3);
    const said = lab.agents[0]!.stderr() + lab.agents[0]!.stdout();
    expect(
      said.match(/shop\/scanner-1: what is refused at the source is told as a number only: /g),
    ).toHaveLength(1);
    await lab.remove('shop/egress');
  },
);

node('a newer start listens in a group of its own and tells what comes, once', async () => {
  await lab.put(egress('egress', [`${outside.four}/32`]));
  const before = { generation: (await lab.status()).generation, lost: lost() };
  expect(listeners()).toMatch(new RegExp(`^${refusalLogGroup(before.generation)} `));
  await lab.start();
  const { generation } = await until('it has the pod', async () => {
    const status = await lab.status();
    return status.pods.find(({ pod }) => pod === 'shop/scanner-1')?.state === 'enrolled' ? status : undefined;
  });
  const own = new RegExp(`^${refusalLogGroup(generation)} [^\\n]*$`);
  await until('it alone listens', () => own.test(listeners()));
  await caller.ask({ order: 'tcp', host: outside.four, port: 452, count: 5 });
  const told = (): number =>
    attemptsOf('shop/egress').filter(({ destination }) => destination.address?.endsWith(':452')).length;
  await until('all five', () => told() >= 5);
  await caller.ask({ order: 'tcp', host: outside.four, port: 453 });
  await until('what came later', () =>
    attemptsOf('shop/egress').some(({ destination }) => destination.address?.endsWith(':453')),
  );
  expect([told(), lost() - before.lost]).toEqual([5, 0]);
  expect(await lab.stop(lab.agents[0]!)).toBe(0);
  expect(listeners()).toMatch(own);
});

/** A stream of calls that are refused, and what is told of them, since it began. */
async function stream(port: number) {
  const before = { lost: lost(), sent: sentTo('four') };
  await caller.ask({ order: 'stream', host: outside.four, port, everyMs: 5 });
  const attempts = (): readonly FlowEvent[] =>
    attemptsOf('shop/egress').filter(({ destination }) => destination.address === `${outside.four}:${port}`);
  const told = (): number => attempts().length + lost() - before.lost;
  /** So many more are told. */
  const goesOn = async (): Promise<void> => {
    const since = attempts().length;
    await until('the next attempts', () => attempts().length > since + 20);
  };
  return {
    goesOn,
    attempts,
    /** Nothing is told twice, and nothing is left out. Answers how many were told as a number. */
    async adds(what: string): Promise<number> {
      const ended = (await caller.ask({ order: 'streamEnd' })) as Readonly<Record<string, number>>;
      const sent = sentTo('four') - before.sent;
      expect(ended).toEqual({ ECONNREFUSED: sent });
      await until('all of it is told', () => told() >= sent);
      // What comes later is told by a later look: by then there would be more of it.
      await caller.ask({ order: 'tcp', host: outside.six, port });
      await until('the one behind it', () =>
        attemptsOf('shop/egress').some(
          ({ destination }) => destination.address === `[${outside.six}]:${port}`,
        ),
      );
      console.log(`${what}: ${sent} refused, ${attempts().length} told, ${lost() - before.lost} as a number`);
      expect(told()).toBe(sent);
      return lost() - before.lost;
    },
  };
}
const refusingBoth = egress('egress', [`${outside.four}/32`, `${outside.six}/128`]);

node(
  'overlapping starts under a stream of refused calls: the older tells what it heard to its end',
  async () => {
    await lab.put(refusingBoth);
    const older = lab.agents.at(-1)!;
    const calls = await stream(460);
    await calls.goesOn();
    await lab.start();
    await older.until(/^shop\/scanner-1: a newer start of this agent has taken the pod over\.$/m);
    await calls.goesOn();
    expect(await lab.stop(older)).toBe(0);
    await calls.goesOn();
    expect(await calls.adds('overlap')).toBe(0);
  },
);

node(
  'a start that is killed under a stream of refused calls: the next tells what it had not told',
  async () => {
    const killed = await lab.start('--no-watchdog');
    await until('the older has left', async () => {
      const status = await lab.status();
      return status.pods.find(({ pod }) => pod === 'shop/scanner-1')?.state === 'enrolled';
    });
    expect(await lab.stop(lab.agents.at(-2)!)).toBe(0);
    const calls = await stream(470);
    await calls.goesOn();
    // An agent tells what it has told: in between two looks, since it tells all of one at once.
    killed.child.kill('SIGKILL');
    await killed.finished;
    await until('calls that nobody hears', () => sentTo('four') > calls.attempts().length + 100);
    await lab.start();
    await calls.goesOn();
    expect(await calls.adds('kill')).toBeGreaterThan(0);
  },
);

node('a stop tells what it has heard and leaves no trace', async () => {
  await caller.ask({ order: 'tcp', host: outside.four, port: 448 });
  expect(await lab.stop(lab.agents.at(-1)!)).toBe(0);
  await until('the last attempt', () =>
    lab.flows().some(({ destination }) => destination.address === `${outside.four}:448`),
  );
  expect(listeners()).toBe('');
  expect(counted(traces(lab.net, lab.pods.scanner))).toBe(untouched);
});
