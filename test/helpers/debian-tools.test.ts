// What is installed for the end-to-end tests and when, on machines that are made up: no package is touched here.
import { expect, test } from 'vitest';
import { installTools, type Ended, type Machine, type ToolName } from './debian-tools.ts';

interface Told {
  readonly calls: string[];
  readonly lines: string[];
  readonly failure: string;
}

/** A machine that lacks `absent`; `answers` are what its apt-get comes to, call by call, and bring what the call names when they are 0. */
function on(
  absent: readonly ToolName[],
  answers: readonly (Partial<Ended> | undefined)[],
  rest: Partial<Machine> = {},
): Told {
  const missing = new Set<string>(absent);
  const [calls, lines]: [string[], string[]] = [[], []];
  const failure = installTools({
    isRoot: true,
    hasAptGet: true,
    isHere: (name) => !missing.has(name),
    run(command, words) {
      const packages = words.slice(words.indexOf('--') + 1);
      calls.push([command, words[0], ...(words.includes('--') ? packages : [])].join(' '));
      const ended = { status: 0, output: '', ...answers[calls.length - 1] };
      if (ended.status === 0 && words[0] === 'install') for (const name of packages) missing.delete(name);
      return ended;
    },
    say: (line) => void lines.push(line),
    ...rest,
  });
  return { calls, lines, failure };
}

test('a machine that has everything is not asked for anything', () => {
  expect(on([], [])).toEqual({ calls: [], lines: [], failure: '' });
});

test('what is missing is installed in one call, and one line says so', () => {
  expect(on(['wrk', 'slowhttptest'], [])).toEqual({
    calls: ['apt-get install wrk slowhttptest'],
    lines: ['The end-to-end tests install Debian packages that they need: wrk, slowhttptest'],
    failure: '',
  });
});

test('nothing is tried without root or without apt-get', () => {
  const nothing = { calls: [], lines: [], failure: '' };
  expect(on(['wrk'], [], { isRoot: false })).toEqual(nothing);
  expect(on(['wrk'], [], { hasAptGet: false })).toEqual(nothing);
});

test('lists are fetched only when the packages could not be had without', () => {
  const output = 'E: Unable to locate package wrk\n';
  expect(on(['wrk'], [{ status: 100, output }])).toMatchObject({
    calls: ['apt-get install wrk', 'apt-get update', 'apt-get install wrk'],
    failure: '',
  });
});

test('a package that the distribution does not know keeps no other one away', () => {
  const unknown = { status: 100, output: 'E: Unable to locate package slowhttptest\n' };
  const both = 'apt-get install wrk slowhttptest';
  expect(on(['slowhttptest', 'wrk'], [unknown, undefined, unknown, undefined, unknown])).toMatchObject({
    calls: [both, 'apt-get update', both, 'apt-get install wrk', 'apt-get install slowhttptest'],
    failure: 'apt-get says: Unable to locate package slowhttptest',
  });
});

test('what cannot be installed is a sentence without brackets, and a call that hangs is the last one', () => {
  const offline = {
    status: 100,
    output: 'Err:1\nE: Failed to fetch http://mirror/wrk.deb (no route)\nE: more\n',
  };
  const refused = on(['wrk'], [offline, offline, offline]);
  expect(refused.failure).toBe('apt-get says: Failed to fetch http://mirror/wrk.deb no route');
  expect(refused.lines[1]).toBe(
    `Not all could be installed: ${refused.failure}. Tests that need them are skipped.`,
  );
  expect(on(['wrk'], [{ status: null }])).toMatchObject({
    calls: ['apt-get install wrk'],
    failure: 'apt-get did not end within 120 s',
  });
});
