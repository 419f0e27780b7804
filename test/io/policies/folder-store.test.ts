// What of a folder is in force, what is rejected and why, and how it follows changes made by others.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { messages, nowMs, policy, policyFolder, summary, yaml } from './policy-samples.ts';

test('an invalid file is rejected whole with file, line, field and reason, and the others stay in force', async () => {
  const folder = policyFolder();
  folder.put('a.yaml', yaml('a'));
  folder.put('b.yaml', yaml('b', 'Enforced'));
  folder.put('c.yaml', `${yaml('c1')}---\n${yaml('c2', 'Enforce', '    colour: red\n')}`);
  folder.put('d.yaml', 'apiVersion: [\n');
  folder.put('e.yaml', yaml('e'));
  const store = await folder.open();
  expect(summary(store).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'valid shop/a',
    'rejected b.yaml',
    'rejected c.yaml',
    'rejected d.yaml',
    'valid shop/e',
  ]);
  const [b, c, d] = messages(store);
  expect(b).toMatch(/^b\.yaml, line 6, spec\.mode: /);
  expect(c).toMatch(/^c\.yaml, line 26, spec\.action\.colour: /);
  expect(d).toMatch(/^d\.yaml, line [12]: /);
});

test('several documents of one file are read, comments alone are no policy and no mistake', async () => {
  const folder = policyFolder();
  folder.put('a.yaml', `${yaml('a1')}---\n# nothing\n---\n${yaml('a2')}`);
  folder.put('b.yaml', '# switched off\n# kind: FlowPolicy\n');
  const store = await folder.open();
  expect(summary(store)).toEqual(['valid shop/a1', 'valid shop/a2']);
});

test('of two objects with one name the first file stays and the message names both', async () => {
  const folder = policyFolder();
  folder.put('b.yaml', yaml('same', 'Shadow'));
  folder.put('a.yaml', yaml('same'));
  const store = await folder.open();
  expect(summary(store)).toEqual(['valid shop/same', 'rejected b.yaml DUPLICATE_NAME']);
  expect(messages(store)).toEqual([
    'b.yaml, line 1: shop/same is defined in a.yaml already, which stays in force.',
  ]);
});

test('hostile YAML is a rejection: aliases that explode, unknown tags, endless nesting, duplicate keys, prototype keys', async () => {
  const folder = policyFolder();
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'.split('').map((key, at) => `${key}: &${key} [${`*${'abcdefghi'.charAt(at)},`.repeat(9)}]`),
  ];
  folder.put('alias.yaml', `${bomb.join('\n')}\n`);
  folder.put('tag.yaml', yaml('t').replace('mode: Enforce', 'mode: !js Enforce'));
  folder.put('deep.yaml', '['.repeat(100_000));
  folder.put('keys.yaml', yaml('k', 'Enforce', 'spec: {}\n'));
  folder.put('proto.yaml', yaml('p', 'Enforce', '__proto__: { polluted: true }\n'));
  folder.put('scalar.yaml', 'just text\n');
  folder.put('empty.yaml', '');
  const store = await folder.open();
  expect(summary(store).map((line) => line.split(' ')[0])).toEqual(Array(7).fill('rejected'));
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test("a link out of the folder, a huge file and a folder are refused; an editor's files are not looked at", async () => {
  const folder = policyFolder();
  const outside = mkdtempSync(join(tmpdir(), 'apidefense-outside-'));
  onTestFinished(() => rmSync(outside, { recursive: true }));
  writeFileSync(join(outside, 'x.yaml'), yaml('outside'));
  symlinkSync(join(outside, 'x.yaml'), join(folder.directory, 'link.yaml'));
  mkdirSync(join(folder.directory, '..data-1'));
  writeFileSync(join(folder.directory, '..data-1', 'in.yaml'), yaml('inside'));
  symlinkSync(join('..data-1', 'in.yaml'), join(folder.directory, 'in.yaml'));
  mkdirSync(join(folder.directory, 'sub.yaml'));
  folder.put('huge.yaml', yaml('huge', 'Enforce', `# ${'x'.repeat(300_000)}\n`));
  for (const name of ['.hidden.yaml', 'a.yaml~', '#a.yaml#', 'a.yaml.swp', 'readme.md', '.#a.yaml'])
    folder.put(name, yaml('no'));
  const store = await folder.open();
  expect(summary(store)).toEqual([
    'rejected huge.yaml POLICY_FILE_TOO_LARGE',
    'valid shop/inside',
    'rejected link.yaml POLICY_FILE_LINK',
    'rejected sub.yaml POLICY_FILE_KIND',
  ]);
});

test('a file that becomes invalid keeps its last good object in force, visibly, until mended or deleted', async () => {
  const folder = policyFolder();
  folder.put('a.yaml', yaml('a'));
  const store = await folder.open();
  let changes = 0;
  store.onChange(() => (changes += 1));
  folder.put('a.yaml', yaml('a', 'Nonsense'));
  await expect
    .poll(() => summary(store))
    .toEqual(['valid shop/a (stale)', expect.stringMatching(/^rejected a\.yaml /)]);
  expect(changes).toBeGreaterThan(0);
  folder.put('a.yaml', yaml('a', 'Shadow'));
  await expect.poll(() => summary(store)).toEqual(['valid shop/a']);
  folder.put('a.yaml', 'broken: [');
  await expect.poll(() => summary(store)).toHaveLength(2);
  unlinkSync(join(folder.directory, 'a.yaml'));
  await expect.poll(() => summary(store)).toEqual([]);
});

test('an object really there beats the last good one of a broken file', async () => {
  const folder = policyFolder();
  folder.put('a.yaml', yaml('same'));
  const store = await folder.open();
  folder.put('a.yaml', 'broken: [');
  await expect.poll(() => summary(store)).toHaveLength(2);
  folder.put('b.yaml', yaml('same', 'Shadow'));
  await expect
    .poll(() => summary(store))
    .toEqual([expect.stringMatching(/^rejected a\.yaml/), 'valid shop/same']);
});

test('files that come, change, are renamed and go are followed, also without a watch', async () => {
  const folder = policyFolder();
  const store = await folder.open({
    limits: { debounceMs: 10_000_000, tickMs: 5, pollMs: 5, pollMsPerFile: 0 },
  });
  expect(summary(store)).toEqual([]);
  folder.put('a.yaml', yaml('a'));
  await expect.poll(() => summary(store)).toEqual(['valid shop/a']);
  folder.put('a.yaml', yaml('b'));
  await expect.poll(() => summary(store)).toEqual(['valid shop/b']);
  renameSync(join(folder.directory, 'a.yaml'), join(folder.directory, 'z.yaml'));
  await expect.poll(() => store.entries()[0]).toMatchObject({ file: 'z.yaml' });
  unlinkSync(join(folder.directory, 'z.yaml'));
  await expect.poll(() => summary(store)).toEqual([]);
});

test('a folder that goes away leaves everything in force and says so', async () => {
  const folder = policyFolder();
  folder.put('a.yaml', yaml('a'));
  const store = await folder.open({ limits: { tickMs: 5, pollMs: 5, pollMsPerFile: 0 } });
  renameSync(folder.directory, `${folder.directory}-away`);
  await expect.poll(() => summary(store)).toEqual(['rejected . POLICY_FOLDER', 'valid shop/a']);
  renameSync(`${folder.directory}-away`, folder.directory);
  await expect.poll(() => summary(store)).toEqual(['valid shop/a']);
});

test('a folder that is removed and made again is followed at once again: the watch moves with the name', async () => {
  const folder = policyFolder();
  folder.put('a.yaml', yaml('a'));
  // The slow look would come in an hour: what is seen is seen by the watch.
  const store = await folder.open({ limits: { tickMs: 5, pollMs: 3_600_000 } });
  rmSync(folder.directory, { recursive: true });
  await expect.poll(() => summary(store)[0]).toBe('rejected . POLICY_FOLDER');
  mkdirSync(folder.directory);
  folder.put('b.yaml', yaml('b'));
  await expect.poll(() => summary(store)).toEqual(['valid shop/b']);
  folder.put('c.yaml', yaml('c'));
  await expect.poll(() => summary(store)).toEqual(['valid shop/b', 'valid shop/c']);
});

test('a folder that is replaced under its name is followed too', async () => {
  const folder = policyFolder();
  folder.put('a.yaml', yaml('a'));
  const store = await folder.open({ limits: { tickMs: 5, pollMs: 3_600_000 } });
  const next = mkdtempSync(join(tmpdir(), 'apidefense-next-'));
  const old = `${folder.directory}-old`;
  onTestFinished(() => rmSync(old, { recursive: true, force: true }));
  writeFileSync(join(next, 'b.yaml'), yaml('b'));
  renameSync(folder.directory, old);
  renameSync(next, folder.directory);
  await expect.poll(() => summary(store)).toEqual(['valid shop/b']);
  folder.put('c.yaml', yaml('c'));
  await expect.poll(() => summary(store)).toEqual(['valid shop/b', 'valid shop/c']);
});

test('a lifetime that ends is told, the file stays, and the entry says expired', async () => {
  const folder = policyFolder();
  folder.put('a.yaml', yaml('a', 'Enforce', `  expiresAt: ${new Date(nowMs + 1_000).toISOString()}\n`));
  let clockMs = nowMs;
  const store = await folder.open({ now: () => clockMs, limits: { tickMs: 5 } });
  let told = 0;
  store.onChange(() => (told += 1));
  expect(summary(store)).toEqual(['valid shop/a']);
  clockMs += 1_000;
  await expect.poll(() => told).toBeGreaterThan(0);
  expect(summary(store)).toEqual(['expired shop/a']);
});

test('no more than the limit is in force, and each one left out is told', async () => {
  const folder = policyFolder();
  for (const name of ['a', 'b', 'c', 'd']) folder.put(`${name}.yaml`, yaml(name));
  const store = await folder.open({ limits: { policies: 3 } });
  expect(summary(store)).toEqual([
    'valid shop/a',
    'valid shop/b',
    'valid shop/c',
    'rejected d.yaml TOO_MANY_POLICIES',
  ]);
});

test('files beyond the limit are not read, and that is told', async () => {
  const folder = policyFolder();
  for (const name of ['a', 'b', 'c']) folder.put(`${name}.yaml`, yaml(name));
  const store = await folder.open({ limits: { files: 2 } });
  expect(summary(store)).toEqual(['rejected . TOO_MANY_FILES', 'valid shop/a', 'valid shop/b']);
});

test('a folder that cannot be had is an error that names it', async () => {
  const folder = policyFolder();
  folder.put('file', 'x');
  await expect(folder.open({ directory: join(folder.directory, 'file') })).rejects.toMatchObject({
    code: 'POLICY_FOLDER',
  });
});

test('a name that looks like a key is refused, in a file and through the store, in a sentence that does not repeat it', async () => {
  const secret = 'glpat-a1b2c3d4e5f6g7h8i9j0';
  const folder = policyFolder();
  folder.put('a.yaml', yaml(secret));
  folder.put('b.yaml', yaml('b'));
  const store = await folder.open();
  expect(summary(store)).toEqual(['rejected a.yaml POLICY_NAME_SECRET', 'valid shop/b']);
  expect(messages(store)[0]).toMatch(/^a\.yaml, line 3, metadata\.name: metadata\.name looks like a key/);
  expect(messages(store)[0]).not.toContain(secret);
  await expect(store.apply(policy(secret))).rejects.toMatchObject({ code: 'POLICY_INVALID' });
});
