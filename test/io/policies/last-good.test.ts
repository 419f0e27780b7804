// What stood before a file was broken survives a restart: kept on disk, read back through the same checks, forgotten with its file.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { PolicyStore } from '../../../src/core/policy/store.ts';
import { lastGoodFolder, openLastGood, type LastGood } from '../../../src/io/policies/last-good.ts';
import { nowMs, policy, policyFolder, summary, yaml, type Folder } from './policy-samples.ts';

function stateFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'apidefense-state-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return lastGoodFolder(directory);
}

/** As an agent's life opens it. */
async function begin(folder: Folder, state: string, ms = nowMs): Promise<PolicyStore> {
  return folder.open({ lastGood: await openLastGood({ folder: state }), now: () => ms });
}

const rejectionsOf = (store: PolicyStore): unknown[] =>
  store.entries().flatMap((entry) => (entry.type === 'valid' && entry.rejection ? [entry.rejection] : []));

const filesIn = (state: string): string[] => readdirSync(state).filter((name) => name.endsWith('.json'));

test('a policy whose file was broken while the agent ran stands after its restart, with the same word since when', async () => {
  const [folder, state] = [policyFolder(), stateFolder()];
  folder.put('a.yaml', yaml('a'));
  folder.put('b.yaml', `${yaml('b1')}---\n${yaml('b2', 'Shadow')}`);
  const first = await begin(folder, state);
  folder.put('b.yaml', yaml('b1', 'Enforcd'));
  await expect.poll(() => summary(first)).toContain('valid shop/b1 (stale)');
  const told = rejectionsOf(first);
  expect(told[0]).toMatchObject({ file: 'b.yaml', since: new Date(nowMs).toISOString() });
  await first.close();
  const second = await begin(folder, state, nowMs + 60_000);
  expect(summary(second)).toEqual([
    'valid shop/a',
    'valid shop/b1 (stale)',
    'valid shop/b2 (stale)',
    'rejected b.yaml POLICY_UNKNOWN_MODE',
  ]);
  expect(rejectionsOf(second)).toEqual(told);
  await second.close();
  expect(summary(await begin(folder, state, nowMs + 120_000))).toContain('valid shop/b2 (stale)');
});

test('a file that was broken between two lives stands as well, since the later one began', async () => {
  const [folder, state] = [policyFolder(), stateFolder()];
  folder.put('a.yaml', yaml('a'));
  await (await begin(folder, state)).close();
  folder.put('a.yaml', 'broken: [');
  const store = await begin(folder, state, nowMs + 60_000);
  expect(summary(store)).toEqual(['valid shop/a (stale)', expect.stringMatching(/^rejected a\.yaml/)]);
  expect(rejectionsOf(store)).toMatchObject([{ since: new Date(nowMs + 60_000).toISOString() }]);
  folder.put('a.yaml', yaml('a', 'Shadow'));
  await expect.poll(() => summary(store)).toEqual(['valid shop/a']);
  await store.close();
  expect(rejectionsOf(await begin(folder, state))).toEqual([]);
});

test.each([
  ['while the agent runs', true],
  ['while no agent runs', false],
])(
  'a file that is deleted %s, or holds comments alone, is forgotten: broken later under its name it stands for nothing',
  async (_when, isRunning) => {
    const [folder, state] = [policyFolder(), stateFolder()];
    folder.put('a.yaml', yaml('a'));
    folder.put('b.yaml', yaml('b'));
    const first = await begin(folder, state);
    if (!isRunning) await first.close();
    unlinkSync(join(folder.directory, 'a.yaml'));
    folder.put('b.yaml', '# switched off\n');
    if (isRunning) await expect.poll(() => summary(first)).toEqual([]);
    await first.close();
    await (await begin(folder, state)).close();
    folder.put('a.yaml', 'broken: [');
    folder.put('b.yaml', 'broken: [');
    expect(summary(await begin(folder, state))).toEqual([
      expect.stringMatching(/^rejected a\.yaml/),
      expect.stringMatching(/^rejected b\.yaml/),
    ]);
  },
);

test('what is read back passes the checks of a file: what was tampered with stands for nothing', async () => {
  const [folder, state] = [policyFolder(), stateFolder()];
  folder.put('a.yaml', yaml('a'));
  await (await begin(folder, state)).close();
  const [file = ''] = filesIn(state);
  const path = join(state, file);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, readFileSync(path, 'utf8').replace('"Enforce"', '"Enforced"'));
  folder.put('a.yaml', 'broken: [');
  const store = await begin(folder, state);
  expect(summary(store)).toEqual([expect.stringMatching(/^rejected a\.yaml/)]);
});

test.each([
  ['is damaged', '{"version":1,"kept":[{'],
  ['is of another version', '{"version":2,"kept":[]}'],
  ['is larger than any of ours', ' '.repeat(600_000)],
])('a kept file that %s is told, and written anew', async (_what, text) => {
  const state = stateFolder();
  const before = await openLastGood({ folder: state });
  before.keep('a.yaml', { version: '1', policies: [policy('a')] });
  await before.settled();
  const [file = ''] = filesIn(state);
  writeFileSync(join(state, file), text);
  const after = await openLastGood({ folder: state });
  expect(after.find('a.yaml')).toBeUndefined();
  expect(after.trouble()).toContain(`${join(state, file)} could not be read at the start`);
  after.keep('a.yaml', { version: '1', policies: [policy('a')] });
  await after.settled();
  expect((await openLastGood({ folder: state })).find('a.yaml')?.policies).toEqual([policy('a')]);
});

test('a start on what is known writes nothing, and one change among thousands writes one file', async () => {
  const state = stateFolder();
  const keepAll = (keeper: LastGood, changed?: number): void => {
    for (let index = 0; index < 3_000; index += 1)
      keeper.keep(`${index}.yaml`, {
        version: index === changed ? 'other' : 'first',
        policies: [policy(`p-${index}`)],
      });
  };
  const first = await openLastGood({ folder: state });
  keepAll(first);
  await first.settled();
  expect(first.written()).toBe(256);
  const second = await openLastGood({ folder: state });
  keepAll(second);
  await second.settled();
  expect(second.written()).toBe(0);
  keepAll(second, 1_234);
  await second.settled();
  expect(second.written()).toBe(1);
  expect((await openLastGood({ folder: state })).find('1234.yaml')?.version).toBe('other');
});

test('what has no room is counted and told, and the rest is kept', async () => {
  const state = stateFolder();
  const limits = { lastGoodBuckets: 1, lastGoodBucketBytes: 1_000 };
  const keeper = await openLastGood({ folder: state, limits });
  for (const name of ['a', 'b', 'c', 'd', 'e']) keeper.keep(name, { version: '1', policies: [policy(name)] });
  await keeper.settled();
  const again = await openLastGood({ folder: state, limits });
  const kept = ['a', 'b', 'c', 'd', 'e'].filter((name) => again.find(name) !== undefined);
  expect(kept.length).toBeGreaterThan(0);
  expect(keeper.trouble()).toContain(`There is no room for ${5 - kept.length} of them`);
});

test('where nothing can be kept that is said, and the policies are in force all the same', async () => {
  const folder = policyFolder();
  folder.put('a.yaml', yaml('a'));
  const inTheWay = join(folder.directory, 'state');
  writeFileSync(inTheWay, 'a file');
  const store = await begin(folder, lastGoodFolder(inTheWay));
  expect(summary(store)).toEqual(['valid shop/a']);
  expect(store.unkept()).toMatch(/^They cannot be kept in .*state.last-good \(EEXIST/);
  rmSync(inTheWay);
  folder.put('b.yaml', yaml('b'));
  await expect.poll(() => store.unkept()).toBeUndefined();
  expect((await folder.open()).unkept()).toContain('--state DIR');
});
