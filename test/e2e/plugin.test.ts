// kubectl finds the program: `kubectl api-defense` runs a file called `kubectl-api_defense` from the PATH, as the package's `bin` installs it.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from '../helpers/terminal.ts';
import { lacking, testUnless } from '../helpers/unless.ts';

const { bin, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly bin: Readonly<Record<string, string>>;
  readonly version: string;
};
// As npm installs them: one link a name.
const directory = mkdtempSync(join(tmpdir(), 'api-defense-plugin-'));
for (const [name, file] of Object.entries(bin)) symlinkSync(join(root, file), join(directory, name));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The Node of this test runs the program's first line. */
const env = {
  ...process.env,
  PATH: [directory, dirname(process.execPath), process.env['PATH']].join(delimiter),
};
const hasKubectl = spawnSync('kubectl', ['version', '--client'], { env }).status === 0;

test('the program runs by the name that kubectl looks for', () => {
  expect(Object.keys(bin)).toEqual(['kubectl-api_defense']);
  expect(execFileSync('kubectl-api_defense', ['--version'], { env, encoding: 'utf8' })).toBe(`${version}\n`);
});

testUnless(lacking(hasKubectl, 'there is no kubectl'))(
  'kubectl runs it as `kubectl api-defense`, with its words and status',
  () => {
    expect(execFileSync('kubectl', ['plugin', 'list', '--name-only'], { env, encoding: 'utf8' })).toContain(
      'kubectl-api_defense\n',
    );
    expect(execFileSync('kubectl', ['api-defense', '--version'], { env, encoding: 'utf8' })).toBe(
      `${version}\n`,
    );
    const refused = spawnSync('kubectl', ['api-defense', 'policies', '--context', 'no-such'], {
      env: { ...env, KUBECONFIG: join(directory, 'none') },
      encoding: 'utf8',
    });
    expect(refused).toMatchObject({
      status: 66,
      stderr: expect.stringContaining('[KUBECONFIG_MISSING]') as string,
    });
  },
);
