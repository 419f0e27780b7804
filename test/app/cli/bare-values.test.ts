import { expect, test } from 'vitest';
import { withBareValues } from '../../../src/app/cli/bare-values.ts';

const bare = new Map([['--dry-run', 'default']]);

test('a bare flag has its value, so that it does not take the word behind it; a written value stays', () => {
  expect(withBareValues(['block', '--dry-run', 'from:web'], bare)).toEqual([
    'block',
    '--dry-run=default',
    'from:web',
  ]);
  expect(withBareValues(['--dry-run=server', '--dry-runs'], bare)).toEqual([
    '--dry-run=server',
    '--dry-runs',
  ]);
});

test('what follows the end of options is no option', () => {
  expect(withBareValues(['block', '--', '--dry-run'], bare)).toEqual(['block', '--', '--dry-run']);
});
