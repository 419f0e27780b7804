// Standard output on a full disk: the real binary says so in one sentence and ends, with the status of what cannot be made.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { expect } from 'vitest';
import { binary } from '../helpers/cli.ts';
import { lacking, testUnless } from '../helpers/unless.ts';

const fullDisk = '/dev/full';

testUnless(lacking(existsSync(fullDisk), `${fullDisk} is not here`))(
  'a verb whose output finds no room ends with 73 and no stack trace',
  async () => {
    const output = openSync(fullDisk, 'w');
    const args = [binary, 'replay', 'recordings/shop-under-attack.adr', '--no-ui'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', output, 'pipe'] });
    closeSync(output);
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    await once(child, 'close');
    expect(said).toMatch(
      /^error: Standard output cannot be written: ENOSPC[^\n]*\n[^\n]*\[OUTPUT_FAILED\]\n$/,
    );
    expect(child.exitCode).toBe(73);
  },
);
