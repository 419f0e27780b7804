// Changes made through the store: apply, remove, undo, and what they leave in the folder.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { policyName } from '../../../src/core/model/brand.ts';
import { createFolderEdits } from '../../../src/io/policies/folder-edits.ts';
import { policyLimits } from '../../../src/io/policies/policy-limits.ts';
import type { UndoJournal } from '../../../src/io/policies/undo-journal.ts';
import { messages, nowMs, policy, policyFolder, summary, yaml } from './policy-samples.ts';

const named = (name: string): ReturnType<typeof policyName> => policyName(`shop/${name}`);
const later = new Date(nowMs + 1_800_000).toISOString();

test('applying creates a file at once in force, again is unchanged, and a change replaces', async () => {
  const folder = policyFolder();
  const store = await folder.open();
  let changes = 0;
  store.onChange(() => (changes += 1));
  expect(await store.apply(policy('a'))).toEqual({ name: 'shop/a', change: 'created', object: policy('a') });
  expect(summary(store)).toEqual(['valid shop/a']);
  expect(changes).toBe(1);
  expect(readFileSync(join(folder.directory, 'shop.a.yaml'), 'utf8')).toContain('name: a');
  expect((await store.apply(policy('a'))).change).toBe('unchanged');
  expect((await store.apply(policy('a', { mode: 'Shadow' }))).change).toBe('replaced');
  expect(store.entries()[0]).toMatchObject({ policy: { spec: { mode: 'Shadow' } } });
  expect(readdirSync(folder.directory).filter((name) => name.includes('tmp'))).toEqual([]);
});

test('a dry run judges and writes nothing', async () => {
  const folder = policyFolder();
  const store = await folder.open();
  expect((await store.apply(policy('a'), { dryRun: true })).change).toBe('dry-run');
  expect(readdirSync(folder.directory)).toEqual([]);
  const wrong = { ...policy('a'), spec: { ...policy('a').spec, reason: 'x'.repeat(2_000) } };
  await expect(store.apply(wrong, { dryRun: true })).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  const over = policy('a', { expiresAt: '2020-01-01T00:00:00Z' });
  await expect(store.apply(over)).rejects.toThrow('it expires at 2020-01-01T00:00:00Z, which has passed');
});

test('a dry run of undo tells both objects and changes nothing; what it told is undone, and no other change', async () => {
  const folder = policyFolder();
  const store = await folder.open();
  await store.apply(policy('a'));
  await store.apply(policy('a', { mode: 'Shadow' }));
  const files = (): readonly string[] => readdirSync(folder.directory).map(String);
  const before = files();
  const planned = await store.undo({ dryRun: true });
  expect(planned).toMatchObject({
    name: 'shop/a',
    change: 'replaced',
    plan: { file: 'shop.a.yaml', before: policy('a', { mode: 'Shadow' }), after: policy('a') },
  });
  expect(files()).toEqual(before);
  expect(store.entries()[0]).toMatchObject({ policy: { spec: { mode: 'Shadow' } } });
  const change = planned.plan?.change ?? '';
  await store.apply(policy('b'));
  await expect(store.undo({ change })).rejects.toMatchObject({ code: 'UNDO_OTHER_CHANGE' });
  expect((await store.undo({ dryRun: true })).plan).not.toHaveProperty('after');
  expect(await store.undo()).toEqual({ name: 'shop/b', change: 'removed' });
  expect(await store.undo({ change })).toEqual({ name: 'shop/a', change: 'replaced' });
  expect(store.entries()[0]).toMatchObject({ policy: { spec: { mode: 'Enforce' } } });
});

test('undo takes back create, replace and remove, newest first, also after a restart', async () => {
  const folder = policyFolder();
  folder.put('mine.yaml', yaml('kept'));
  const first = await folder.open();
  await first.apply(policy('a'));
  await first.apply(policy('kept', { mode: 'Shadow' }));
  await first.remove(named('a'));
  await first.close();
  const store = await folder.open();
  expect(await store.undo()).toEqual({ name: 'shop/a', change: 'created' });
  expect(await store.undo()).toEqual({ name: 'shop/kept', change: 'replaced' });
  expect(readFileSync(join(folder.directory, 'mine.yaml'), 'utf8')).toBe(yaml('kept'));
  expect(await store.undo()).toEqual({ name: 'shop/a', change: 'removed' });
  expect(summary(store)).toEqual(['valid shop/kept']);
  await expect(store.undo()).rejects.toMatchObject({ code: 'UNDO_NOTHING' });
});

test('undo refuses what somebody else changed since, says what would come next, and leaves it alone', async () => {
  const folder = policyFolder();
  const store = await folder.open();
  await store.apply(policy('older'));
  await store.apply(policy('a'));
  folder.put('shop.a.yaml', yaml('a', 'Off'));
  await expect(store.undo()).rejects.toMatchObject({
    code: 'UNDO_CHANGED_SINCE',
    message: expect.stringContaining('shop/a was changed by someone else') as string,
    hint: expect.stringContaining('shop/older') as string,
  });
  expect(readFileSync(join(folder.directory, 'shop.a.yaml'), 'utf8')).toBe(yaml('a', 'Off'));
  expect(await store.undo()).toEqual({ name: 'shop/older', change: 'removed' });
});

test('undo refuses again and again while what somebody else changed stands', async () => {
  const folder = policyFolder();
  const store = await folder.open();
  await store.apply(policy('a'));
  folder.put('shop.a.yaml', yaml('a', 'Off'));
  for (let times = 0; times < 3; times += 1)
    await expect(store.undo()).rejects.toMatchObject({ code: 'UNDO_CHANGED_SINCE' });
});

test('a change already taken back by hand is skipped by undo', async () => {
  const folder = policyFolder();
  const store = await folder.open();
  await store.apply(policy('a'));
  await store.apply(policy('b'));
  unlinkSync(join(folder.directory, 'shop.b.yaml'));
  expect(await store.undo()).toEqual({ name: 'shop/a', change: 'removed' });
});

test('the journal is bounded, private, and a spoilt entry is skipped', async () => {
  const folder = policyFolder();
  const store = await folder.open({ limits: { undoSteps: 3 } });
  for (const mode of ['Off', 'Shadow', 'Enforce', 'Off', 'Shadow'] as const)
    await store.apply(policy('a', { mode }));
  const journal = join(folder.directory, '.apidefense', 'undo');
  const ids = readdirSync(journal).sort();
  expect(ids).toHaveLength(3);
  writeFileSync(join(journal, ids[2]!), '{"version":1');
  await expect(store.undo()).rejects.toMatchObject({ code: 'UNDO_CHANGED_SINCE' });
  expect(store.entries()[0]).toMatchObject({ policy: { spec: { mode: 'Shadow' } } });
});

test('one document of several is replaced and taken out while the others keep their words', async () => {
  const folder = policyFolder();
  folder.put('all.yaml', `${yaml('a')}---\n${yaml('b')}---\n${yaml('c')}`);
  const store = await folder.open();
  await store.apply(policy('b', { mode: 'Shadow' }));
  await store.remove(named('a'));
  expect(summary(store)).toEqual(['valid shop/b', 'valid shop/c']);
  const text = readFileSync(join(folder.directory, 'all.yaml'), 'utf8');
  expect(text).toContain('# why this is here');
  await store.undo();
  await store.undo();
  expect(readFileSync(join(folder.directory, 'all.yaml'), 'utf8')).toBe(
    `${yaml('a')}---\n${yaml('b')}---\n${yaml('c')}`,
  );
});

test('a broken file is not written over, but a block it held alone can be lifted', async () => {
  const folder = policyFolder();
  folder.put('a.yaml', yaml('a'));
  const store = await folder.open();
  folder.put('a.yaml', 'broken: [');
  await expect(store.apply(policy('a', { mode: 'Off' }))).rejects.toMatchObject({
    code: 'POLICY_FILE_REJECTED',
  });
  expect(await store.remove(named('a'))).toEqual({ name: 'shop/a', change: 'removed' });
  expect(summary(store)).toEqual([]);
  await store.undo();
  expect(readFileSync(join(folder.directory, 'a.yaml'), 'utf8')).toBe('broken: [');
});

test('a file that is a link is managed elsewhere and not replaced', async () => {
  const folder = policyFolder();
  mkdirSync(join(folder.directory, '..data-1'));
  writeFileSync(join(folder.directory, '..data-1', 'a.yaml'), yaml('a'));
  symlinkSync(join('..data-1', 'a.yaml'), join(folder.directory, 'a.yaml'));
  const store = await folder.open();
  await expect(store.remove(named('a'))).rejects.toMatchObject({ code: 'POLICY_FILE_LINK' });
  expect(summary(store)).toEqual(['valid shop/a']);
});

test('what is not there cannot be removed', async () => {
  const store = await policyFolder().open();
  await expect(store.remove(named('nobody'))).rejects.toMatchObject({
    code: 'POLICY_NOT_FOUND',
    message: 'There is no policy shop/nobody.',
  });
});

test('changes asked for at once happen one after the other', async () => {
  const store = await policyFolder().open();
  const names = Array.from({ length: 12 }, (_, number) => `p${number}`);
  const changes = await Promise.all([
    ...names.map((name) => store.apply(policy(name))),
    store.remove(named('p0')),
    store.undo(),
  ]);
  expect(changes.map((one) => one.change)).toEqual([...names.map(() => 'created'), 'removed', 'created']);
  expect(summary(store)).toHaveLength(12);
});

test('the longest names get a file, and no name leads out of the folder', async () => {
  const folder = policyFolder();
  const store = await folder.open();
  const long = 'x'.repeat(253);
  await store.apply(policy(long));
  await store.apply(policy(`${'x'.repeat(252)}y`));
  expect(summary(store)).toHaveLength(2);
  await expect(store.apply(policy('../../etc'))).rejects.toMatchObject({ code: 'POLICY_INVALID' });
});

test('an interactive policy leaves the folder an hour after it expired, a file written by hand does not', async () => {
  const folder = policyFolder();
  folder.put('hand.yaml', yaml('hand', 'Enforce', `  expiresAt: ${later}\n`));
  let clockMs = nowMs;
  const store = await folder.open({ now: () => clockMs, limits: { tickMs: 5 } });
  await store.apply(policy('drafted', { expiresAt: later }));
  clockMs += 1_800_000;
  expect(summary(store)).toEqual(['expired shop/hand', 'expired shop/drafted']);
  clockMs += 3_600_000;
  await expect.poll(() => summary(store)).toEqual(['expired shop/hand']);
  expect(existsSync(join(folder.directory, 'hand.yaml'))).toBe(true);
  expect(readdirSync(join(folder.directory, '.apidefense', 'expired'))).toEqual([
    expect.stringMatching(/-shop\.drafted\.yaml$/),
  ]);
  expect(messages(store)).toEqual([]);
});

test('a change that could not be written leaves no inverse behind', async () => {
  const kept = new Set<string>();
  const journal: UndoJournal = {
    add: () => Promise.resolve('1').finally(() => kept.add('1')),
    amend: () => Promise.reject(new Error('a folder learns nothing by writing')),
    // eslint-disable-next-line @typescript-eslint/require-await -- a journal without entries
    async *newestFirst() {
      yield* [];
    },
    drop: (id) => Promise.resolve(void kept.delete(id)),
  };
  const edits = createFolderEdits({
    // Below what is no folder: there is none to write to on any machine.
    directory: '/dev/null/none',
    folder: {
      refresh: () => Promise.resolve(false),
      merged: () => ({ held: new Map(), rejected: [] }),
      file: () => undefined,
      fileCount: () => 0,
      work: { looked: 0, read: 0, parsed: 0 },
    },
    journal,
    limits: policyLimits,
    now: () => nowMs,
    refresh: () => Promise.resolve(),
  });
  await expect(edits.apply(policy('a'), {})).rejects.toMatchObject({ code: 'POLICY_CANNOT_WRITE' });
  expect([...kept]).toEqual([]);
});

test('undo stays newest first when the clock was set back', async () => {
  let clockMs = nowMs;
  const store = await policyFolder().open({ now: () => clockMs });
  await store.apply(policy('older'));
  clockMs -= 3_600_000;
  await store.apply(policy('newer'));
  expect(await store.undo()).toEqual({ name: 'shop/newer', change: 'removed' });
});

test('a change to a file that became a link since is not undone through the link', async () => {
  const folder = policyFolder();
  const store = await folder.open();
  await store.apply(policy('a'));
  const file = join(folder.directory, 'shop.a.yaml');
  const elsewhere = join(folder.directory, 'elsewhere.txt');
  const text = readFileSync(file, 'utf8');
  writeFileSync(elsewhere, text);
  unlinkSync(file);
  symlinkSync('elsewhere.txt', file);
  await expect(store.undo()).rejects.toMatchObject({ code: 'POLICY_FILE_LINK' });
  expect(readFileSync(elsewhere, 'utf8')).toBe(text);
  expect(readdirSync(folder.directory)).toContain('shop.a.yaml');
});

test('of expired files set aside the newest are kept, and one that is broken stays where it is', async () => {
  const folder = policyFolder();
  let clockMs = nowMs;
  const store = await folder.open({ now: () => clockMs, limits: { tickMs: 5, expiredFiles: 1 } });
  await store.apply(policy('first', { expiresAt: later }));
  await store.apply(policy('second', { expiresAt: new Date(nowMs + 1_900_000).toISOString() }));
  await store.apply(policy('broken', { expiresAt: later }));
  folder.put('shop.broken.yaml', 'broken: [');
  await expect.poll(() => summary(store)).toContain('valid shop/broken (stale)');
  clockMs += 1_800_000 + 3_600_000;
  await expect.poll(() => summary(store)).not.toContain('expired shop/first');
  clockMs += 100_000;
  await expect.poll(() => summary(store)).not.toContain('expired shop/second');
  await expect
    .poll(() => readdirSync(join(folder.directory, '.apidefense', 'expired')))
    .toEqual([expect.stringMatching(/-shop\.second\.yaml$/)]);
  expect(readdirSync(folder.directory)).toContain('shop.broken.yaml');
});
