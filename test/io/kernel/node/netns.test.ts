import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { closeNetns, createNetnsDoor, openNetns } from '../../../../src/io/kernel/node/netns.ts';
import { describeUnless, lacking } from '../../../helpers/unless.ts';

/** A thread that can go where it likes, by a fake kernel: `at` is the descriptor of the namespace it is in. */
function createThread() {
  const thread = { at: -1, entered: [] as number[], refuse: false };
  const libc = {
    setns(fd: number) {
      if (thread.refuse) return -1;
      thread.at = fd;
      thread.entered.push(fd);
      return 0;
    },
    unshare: () => -1,
    socket: () => 77,
    errno: () => 1,
  };
  const door = createNetnsDoor(libc, () => {
    throw new Error('stranded');
  });
  onTestFinished(() => door.close());
  return { thread, door };
}

describeUnless(lacking(process.platform === 'linux', 'namespaces are of Linux'))('the door', () => {
  test('comes back from where it went, also when the work throws', () => {
    const { thread, door } = createThread();
    expect(door.within({ fd: 5 }, () => thread.at)).toBe(5);
    const home = thread.at;
    expect(() =>
      door.within({ fd: 6 }, () => {
        throw new Error('in the work');
      }),
    ).toThrow('in the work');
    expect(thread.at).toBe(home);
    expect(statSync(`/proc/self/fd/${home}`).ino).toBe(door.homeInode);
  });

  test('comes back to the outer namespace from an inner one', () => {
    const { thread, door } = createThread();
    door.within({ fd: 5 }, () => {
      door.within({ fd: 6 }, () => expect(thread.at).toBe(6));
      expect(thread.at).toBe(5);
      expect(door.socketIn(7, 2, 1, 0)).toBe(77);
      expect(thread.at).toBe(5);
    });
    expect(thread.entered.slice(0, 4)).toEqual([5, 6, 5, 7]);
  });

  test('does no work when it may not enter, and says what is missing', () => {
    const { thread, door } = createThread();
    thread.refuse = true;
    let worked = false;
    expect(() => door.within({ fd: 5 }, () => (worked = true))).toThrow(
      expect.objectContaining({ code: 'NETNS_DENIED', family: 'denied' }),
    );
    expect(worked).toBe(false);
    expect(door.socketIn(5, 2, 1, 0)).toBe(-1);
  });

  test('a worker that cannot come back ends on the spot, and runs nothing more', async () => {
    const worker = new Worker(new URL('./fixtures/stranded-worker.ts', import.meta.url));
    const said: unknown[] = [];
    worker.on('message', (message) => said.push(message));
    expect(await once(worker, 'exit')).toEqual([71]);
    expect(said).toEqual(['inside']);
  });

  test('a main thread that cannot come back takes the process along, without exit handlers', () => {
    const script = `
      process.on('exit', () => console.log('exit handler'));
      const { createNetnsDoor } = await import(${JSON.stringify(new URL('../../../../src/io/kernel/node/netns.ts', import.meta.url).href)});
      let calls = 0;
      const door = createNetnsDoor({ setns: () => (++calls === 1 ? 0 : -1), unshare: () => -1, socket: () => -1, errno: () => 1 });
      try { door.within({ fd: 0 }, () => console.log('inside')); } finally { console.log('went on'); }`;
    let stdout = '';
    try {
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe' });
    } catch (error) {
      stdout = (error as { stdout: Buffer }).stdout.toString();
      expect((error as { signal: string }).signal).toBe('SIGABRT');
    }
    expect(stdout).toBe('inside\n');
  });
});

describeUnless(lacking(process.platform === 'linux', 'namespaces are of Linux'))('opening', () => {
  test("a thread's own namespace has the inode that its file has", () => {
    const netns = openNetns('/proc/self/ns/net');
    expect(netns.inode).toBe(statSync('/proc/self/ns/net').ino);
    closeNetns(netns);
  });

  test('a file that is none, a pipe, and a missing one are refused without waiting', () => {
    const directory = mkdtempSync(join(tmpdir(), 'netns-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'plain'), '');
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    for (const name of ['plain', 'pipe', 'missing', '.'])
      expect(() => openNetns(join(directory, name))).toThrow(
        expect.objectContaining({ code: 'NETNS_NOT_FOUND' }),
      );
  });
});
