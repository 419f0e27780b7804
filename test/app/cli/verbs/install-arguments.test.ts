// The command lines of the pods against the command line there is.
import { expect, test } from 'vitest';
import { supervisorLimits } from '../../../../src/app/agent/supervisor/supervisor-limits.ts';
import { verbs } from '../../../../src/app/cli/verbs.ts';
import {
  agentArguments,
  agentDrainSeconds,
  agentGraceSeconds,
} from '../../../../src/core/install/agent-command.ts';
import { hubArguments } from '../../../../src/core/install/hub-objects.ts';
import { defaults } from '../../../core/install/samples.ts';

const optionsOf = (verb: string): readonly string[] =>
  (verbs.find(({ usage }) => usage === verb)?.options ?? []).map(
    ({ flags }) => /--[a-z-]+/.exec(flags)?.[0] ?? '',
  );
const known = optionsOf('agent');
const [verb, ...given] = agentArguments(defaults);
const used = given.map((argument) => argument.split('=', 1)[0] ?? '');

test('the agent of a pod uses options that the agent has', () => {
  expect(verb).toBe('agent');
  expect(used.filter((option) => !known.includes(option))).toEqual([]);
});

test('the hub of a pod uses options that the hub has', () => {
  const [hub, ...told] = hubArguments(defaults);
  expect(hub).toBe('hub');
  expect(optionsOf('hub')).toEqual(
    expect.arrayContaining(told.map((argument) => argument.split('=', 1)[0] ?? '')),
  );
});

test('kubelet waits longer than the watchdog does', () => {
  expect(agentGraceSeconds * 1000).toBeGreaterThan(supervisorLimits(agentDrainSeconds * 1000).stopMs);
  expect(given).toContain(`--drain=${agentDrainSeconds}s`);
});
