// `doctor --node` as a person runs it, and what it says where a right, a setting or the library is missing.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { abilityNames, gearNames, gearsOf } from '../../src/core/model/abilities.ts';
import { AppError } from '../../src/core/model/app-error.ts';
import { errno } from '../../src/io/kernel/linux.ts';
import { openNodeKernel } from '../../src/io/kernel/node/node-kernel.ts';
import { probeAbilities } from '../../src/io/kernel/node/probe-abilities.ts';
import { binary, createCli, type Finished } from '../helpers/cli.ts';
import { withoutTools } from '../helpers/debian-tools.ts';
import { createNetnsLab, noRules } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';

interface Report {
  readonly ok: boolean;
  readonly root: boolean;
  readonly gears: readonly { readonly name: string; readonly ok: boolean; readonly sentence: string }[];
  readonly abilities: readonly { readonly name: string; readonly ok: boolean; readonly sentence: string }[];
  readonly namespaces: readonly { readonly name: string; readonly sentence: string }[];
}

async function doctor(...words: readonly string[]): Promise<Finished> {
  const cli = createCli();
  onTestFinished(() => cli.close());
  return cli.run(['doctor', '--node', ...words]);
}

const offIn = (rows: Report['gears']): string[] => rows.flatMap(({ name, ok }) => (ok ? [] : [name]));

/** Runs it with these capabilities alone. */
function doctorWith(capabilities: readonly string[]): { readonly report: Report; readonly status: number } {
  const set = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  const words = [
    `--bounding-set=${set}`,
    `--inh-caps=${set}`,
    process.execPath,
    binary,
    'doctor',
    '--node',
    '-o',
    'json',
  ];
  try {
    const stdout = execFileSync('setpriv', words, { stdio: 'pipe' });
    return { report: JSON.parse(stdout.toString()) as Report, status: 0 };
  } catch (error) {
    const { stdout, stderr, status } = error as { stdout: Buffer; stderr: Buffer; status: number };
    expect(stderr.toString()).toBe('');
    return { report: JSON.parse(stdout.toString()) as Report, status };
  }
}

test('without --node it is about a cluster, and says so where there is none', async () => {
  const cli = createCli({ KUBECONFIG: '/nonexistent/kubeconfig' });
  onTestFinished(() => cli.close());
  const { status, stderr } = await cli.run(['doctor']);
  expect(status).toBe(66);
  expect(stderr).toContain('KUBECONFIG');
});

describeUnless(noRules)('doctor --node', () => {
  test('tells every gear and ability in a sentence, as lines and as JSON, and ends with 0 when all gears work', async () => {
    using lab = createNetnsLab(['pod']);
    const lines = await doctor();
    const json = await doctor('-o', 'json');
    const report = JSON.parse(json.stdout) as Report;
    expect(offIn(report.gears)).toEqual([]);
    expect([report.ok, report.root, lines.status, json.status]).toEqual([true, true, 0, 0]);
    expect(report.gears.map(({ name }) => name)).toEqual([...gearNames]);
    expect(report.abilities.map(({ name }) => name)).toEqual([...abilityNames]);
    for (const { name, sentence } of [...report.gears, ...report.abilities]) {
      expect(sentence).toMatch(/^[\w/].*\.$/);
      expect(lines.stdout).toMatch(new RegExp(`^ok +${name} `, 'm'));
    }
    expect(lab.pods['pod']?.path).toBeDefined();
    expect(json.stderr + lines.stderr).toBe('');
  });

  test('notes a pod that a mesh redirects, and one with rules of an agent', async () => {
    using lab = createNetnsLab(['mesh', 'ours']);
    const [mesh, ours] = [lab.pods['mesh']!, lab.pods['ours']!];
    lab.run(mesh, 'nft', ['-f', '-'], 'table ip nat { chain ISTIO_REDIRECT { }\n }\n');
    lab.run(ours, 'nft', ['-f', '-'], 'table inet apidefense { chain owner-agent_7 { }\n }\n');
    const { namespaces } = JSON.parse((await doctor('-o', 'json')).stdout) as Report;
    const sentenceOf = (name: string): string | undefined =>
      namespaces.find((found) => found.name === name)?.sentence;
    expect(sentenceOf(mesh.name)).toMatch(/Istio already redirects .* not taken inline/);
    expect(sentenceOf(ours.name)).toContain('agent, start 7');
  });

  test('without the directory of namespaces, or settings to write, what needs them is off and the status 1', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'doctor-'));
    onTestFinished(() => rmSync(empty, { recursive: true }));
    const { stdout, status } = await doctor('--netns', join(empty, 'none'), '--sysctl', empty, '-o', 'json');
    const report = JSON.parse(stdout) as Report;
    expect(status).toBe(1);
    expect(offIn(report.gears)).toEqual(['tap', 'kernel', 'inline']);
    expect(offIn(report.abilities)).toEqual(['namespaces', 'fwmark']);
    expect(report.abilities.find(({ name }) => name === 'namespaces')?.sentence).toContain('--netns');
  });

  test('without the library, kernel and inline are off and tap works', async () => {
    const kernel = await openNodeKernel();
    onTestFinished(() => kernel.close());
    const nft = new AppError({
      code: 'NFTABLES_UNAVAILABLE',
      family: 'unavailable',
      message: 'No library.',
      hint: '',
    });
    const found = probeAbilities({ ...kernel, nft }, { netnsDirectory: '/run', sysctlRoot: '/proc/sys/net' });
    expect(offIn(gearsOf(found))).toEqual(['kernel', 'inline']);
    expect(found.nftables).toEqual({ name: 'nftables', ok: false, sentence: 'No library.' });
  });

  test('where refused packets cannot be logged to us, every gear works and the sentence says what is missing', async () => {
    const kernel = await openNodeKernel();
    onTestFinished(() => kernel.close());
    // Only the log's socket is connected.
    const libc = { ...kernel.libc, connect: () => -1, errno: () => errno.refused };
    const where = { netnsDirectory: '/run', sysctlRoot: '/proc/sys/net' };
    const found = probeAbilities({ ...kernel, libc }, where);
    expect(offIn(gearsOf(found))).toEqual([]);
    expect(found.log).toEqual({
      ...{ name: 'log', ok: false },
      sentence:
        'Refused packets cannot be logged to us (The kernel refused to log refused packets to us: error 111): what is refused at the source is blocked and counted, but not told one by one.',
    });
    expect(probeAbilities(kernel, where).log.ok).toBe(true);
  });
});

describeUnless(noRules || withoutTools('setpriv'))('doctor --node with fewer rights', () => {
  test.each([
    [['net_admin', 'net_raw', 'sys_admin'], []],
    [['net_admin', 'sys_admin'], ['tap']],
    [
      ['net_raw', 'sys_admin'],
      ['kernel', 'inline'],
    ],
    [
      ['net_admin', 'net_raw'],
      ['tap', 'kernel', 'inline'],
    ],
  ])('of %j, off are %j', (capabilities, off) => {
    const { report, status } = doctorWith(capabilities);
    expect(offIn(report.gears)).toEqual(off);
    expect(status).toBe(off.length === 0 ? 0 : 1);
  });

  test('not as root it works too and says so', () => {
    const script = `import(${JSON.stringify(new URL('../../dist/app/cli/main.js', import.meta.url).href)}).then(({main})=>main(['doctor','--node']))`;
    const words = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '-e', script];
    let answer = { status: 0, stdout: Buffer.alloc(0) };
    try {
      execFileSync('setpriv', words, { stdio: 'pipe' });
    } catch (error) {
      answer = error as typeof answer;
    }
    expect(answer.status).toBe(1);
    expect(answer.stdout.toString()).toContain('Asked without root');
    expect(answer.stdout.toString()).toMatch(/^off +namespaces .*SYS_ADMIN/m);
  });
});
