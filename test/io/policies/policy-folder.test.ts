// What a look at the folder costs, and that a look at the names that the kernel told finds what a look at all finds.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { createPolicyFolder, type PolicyFolder } from '../../../src/io/policies/policy-folder.ts';
import { policyLimits, type PolicyLimits } from '../../../src/io/policies/policy-limits.ts';
import { yaml } from './policy-samples.ts';

/** Far from the stamps of the files: none of them is taken for one that changes right now. */
const laterMs = Date.parse('2100-01-01T00:00:00.000Z');

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'apidefense-folder-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const folderOf = (directory: string, limits: Partial<PolicyLimits> = {}): PolicyFolder =>
  createPolicyFolder({
    directory,
    limits: { ...policyLimits, ...limits },
    now: () => laterMs,
    lastGood: undefined,
  });

test.each([50, 1_000])(
  'among %i files one that changed is looked at, read and parsed alone',
  async (count) => {
    const directory = makeDirectory();
    for (let index = 0; index < count; index += 1)
      writeFileSync(join(directory, `p-${index}.yaml`), yaml(`p-${index}`));
    const folder = folderOf(directory);
    await folder.refresh();
    expect(folder.work).toEqual({ looked: count, read: count, parsed: count });
    const before = folder.merged();
    writeFileSync(join(directory, 'p-7.yaml'), yaml('p-7', 'Shadow'));
    expect(await folder.refresh(new Set(['p-7.yaml']))).toBe(true);
    expect(folder.work).toEqual({ looked: count + 1, read: count + 1, parsed: count + 1 });
    const after = folder.merged();
    const entriesOf = (merged: typeof after): readonly unknown[] =>
      [...merged.held.values()].map(({ entries }) => entries);
    const same = entriesOf(after).filter((entry, index) => entry === entriesOf(before)[index]);
    expect(same).toHaveLength(count - 1);
    expect(await folder.refresh(new Set(['p-8.yaml']))).toBe(false);
    expect(folder.work).toEqual({ looked: count + 2, read: count + 1, parsed: count + 1 });
  },
);

const names = ['a.yaml', 'b.yaml', 'c.yaml', 'd.yaml', 'link.yaml'];
const change = fc.record({
  type: fc.constantFrom('good', 'shadow', 'twin', 'broken', 'empty', 'delete', 'rename'),
  file: fc.constantFrom(...names.slice(0, 4)),
  to: fc.constantFrom(...names.slice(0, 4)),
});

/** Makes a change; the names that the kernel would tell. */
function make(
  directory: string,
  { type, file, to }: typeof change extends fc.Arbitrary<infer T> ? T : never,
): string[] {
  const path = join(directory, file);
  const own = file.replace('.yaml', '');
  const texts: Readonly<Record<string, string>> = {
    ...{ good: yaml(own), shadow: yaml(own, 'Shadow'), twin: yaml('twin') },
    ...{ broken: 'broken: [', empty: '# nothing\n' },
  };
  const text = texts[type];
  if (text !== undefined) writeFileSync(path, text);
  else if (type === 'delete') rmSync(path, { force: true });
  else
    try {
      renameSync(path, join(directory, to));
    } catch {
      return [];
    }
  return [file, to];
}

test('looks at what the kernel told come to the same as looks at all, whatever is changed in which order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { maxLength: 12 }),
      async (rounds) => {
        const directory = mkdtempSync(join(tmpdir(), 'apidefense-folder-'));
        try {
          symlinkSync('c.yaml', join(directory, 'link.yaml'));
          // Two files of one name: the first one stays.
          const [few, all] = [folderOf(directory), folderOf(directory)];
          for (const round of rounds) {
            const told = new Set(round.flatMap((one) => make(directory, one)));
            const changed = await few.refresh(told);
            expect(await all.refresh()).toBe(changed);
            expect(few.merged()).toEqual(all.merged());
            expect([...few.merged().held.keys()]).toEqual([...all.merged().held.keys()]);
          }
        } finally {
          rmSync(directory, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a folder that is replaced is looked at whole, and one that is gone keeps its policies', async () => {
  const [directory, other] = [makeDirectory(), makeDirectory()];
  writeFileSync(join(directory, 'a.yaml'), yaml('a'));
  writeFileSync(join(other, 'b.yaml'), yaml('b'));
  const folder = folderOf(directory);
  const namesIn = (): string[] => [...folder.merged().held.keys()];
  await folder.refresh();
  renameSync(directory, `${directory}-gone`);
  onTestFinished(() => rmSync(`${directory}-gone`, { recursive: true, force: true }));
  await folder.refresh(new Set(['a.yaml']));
  expect(namesIn()).toEqual(['shop/a']);
  expect(folder.merged().rejected).toMatchObject([{ rejection: { code: 'POLICY_FOLDER' } }]);
  renameSync(other, directory);
  await folder.refresh(new Set(['x.yaml']));
  expect(namesIn()).toEqual(['shop/b']);
  expect(folder.merged().rejected).toEqual([]);
});

test('files beyond the limit are not read, whether they come with others or alone', async () => {
  const directory = makeDirectory();
  const folder = folderOf(directory, { files: 2 });
  for (const name of ['b', 'c']) writeFileSync(join(directory, `${name}.yaml`), yaml(name));
  await folder.refresh();
  writeFileSync(join(directory, 'a.yaml'), yaml('a'));
  await folder.refresh(new Set(['a.yaml']));
  expect([...folder.merged().held.keys()]).toEqual(['shop/a', 'shop/b']);
  unlinkSync(join(directory, 'a.yaml'));
  mkdirSync(join(directory, 'z.yaml'));
  await folder.refresh(new Set(['a.yaml', 'z.yaml']));
  expect([...folder.merged().held.keys()]).toEqual(['shop/b', 'shop/c']);
});
