// Help as the program prints it: to a reader that leaves, too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { binary } from '../helpers/cli.ts';

test.each(['--help', 'block --help', '--version'])(
  '%s ends quietly when nobody reads any more',
  async (line) => {
    const child = spawn(process.execPath, [binary, ...line.split(' ')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Closed before the program has begun: its first write meets nobody.
    child.stdout.destroy();
    const [said, ended] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(said).toBe('');
    expect(ended[0]).toBe(0);
  },
);
