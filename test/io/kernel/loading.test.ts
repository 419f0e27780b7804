// What must hold before any socket: who loads the FFI, and what a machine that cannot run it is told.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lacking, testUnless } from '../../helpers/unless.ts';

const entry = join(import.meta.dirname, '../../../src/io/kernel/data-plane.ts');

/** Runs a module in a fresh Node and returns what it prints. */
function run(source: string): string {
  return execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', source], {
    encoding: 'utf8',
  }).trim();
}

const maps = `(await import('node:fs')).readFileSync('/proc/self/maps', 'utf8').includes('koffi')`;

testUnless(lacking(process.platform === 'linux', 'reads /proc'))(
  'importing the data plane does not load koffi',
  () => {
    expect(run(`await import(${JSON.stringify(entry)}); console.log(${maps});`)).toBe('false');
  },
);

test('a system that is not Linux gets a sentence', () => {
  const source = `
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    const { startDataPlane } = await import(${JSON.stringify(entry)});
    await startDataPlane({ listeners: [], snapshot: new SharedArrayBuffer(8), onExchange() {}, onLost() {} })
      .catch((error) => console.log(error.code, error.message));`;
  expect(run(source)).toBe('DATA_PLANE_NEEDS_LINUX The data plane runs on Linux only; this is darwin.');
});

test('a machine without a koffi binary gets a sentence', () => {
  const libc = JSON.stringify(entry.replace('data-plane.ts', 'libc.ts'));
  const source = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (name === 'koffi') throw new Error('Cannot find the native Koffi module');
      return next(name, context);
    } });
    const { loadLibc } = await import(${libc});
    await loadLibc().catch((error) => console.log(error.code, error.family, error.cause.message));`;
  expect(run(source)).toBe('FFI_UNAVAILABLE unavailable Cannot find the native Koffi module');
});
