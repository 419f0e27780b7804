// What the closing count rests on: no test is left out without a reason, and none is left alone by `only`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const folder = import.meta.dirname;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.test\.tsx?$/.test(file),
);

test('tests are skipped through helpers/unless.ts alone, which takes the reason', () => {
  expect(files.length).toBeGreaterThan(100);
  const aside =
    /\b(?:test|it|describe|suite)\.(?:skip|skipIf|runIf|todo|only|fails)\b|\b(?:context|ctx)\.skip\(/;
  expect(files.filter((file) => aside.test(readFileSync(join(folder, file), 'utf8')))).toEqual([]);
});
