// Enrols a namespace, changes its rules, and is killed before the call into the namespace of the number given: `enrol-and-die PATH ADDRESS
// GENERATION CALLS`. Prints `done` when it lives to see the end; the namespace stays enrolled then.
import { writeSync } from 'node:fs';
import { enrol } from '../../src/io/kernel/node/enrolment.ts';
import { openNetns } from '../../src/io/kernel/node/netns.ts';
import { createNetlink } from '../../src/io/kernel/node/netlink.ts';
import { openNodeKernel } from '../../src/io/kernel/node/node-kernel.ts';
import { createSysctls } from '../../src/io/kernel/node/sysctl.ts';
import { sampleRules } from './node-fixture.ts';

const [path = '', address = '', generation = '', calls = ''] = process.argv.slice(2);
const plain = await openNodeKernel();
let left = Number(calls);
const count = (): void => {
  if (left-- === 0) process.kill(process.pid, 'SIGKILL');
};
const door: typeof plain.door = {
  homeInode: plain.door.homeInode,
  within(netns, work) {
    count();
    return plain.door.within(netns, work);
  },
  withinScratch: (work) => plain.door.withinScratch(work),
  socketIn(...call) {
    count();
    return plain.door.socketIn(...call);
  },
  close: () => plain.door.close(),
};
const kernel = {
  ...plain,
  door,
  netlink: createNetlink(plain.libc, door),
  sysctls: createSysctls(door, '/proc/sys/net'),
};
const owner = { owner: 'agent', generation: Number(generation) };
const enrolment = enrol(kernel, { netns: openNetns(path), addresses: [address], owner });
enrolment.apply({ ruleset: sampleRules(owner.generation), mode: 'fwmark' });
enrolment.apply({ ruleset: sampleRules(owner.generation, 82), mode: 'fwmark' });
if (process.argv[6] === 'release') enrolment.release();
writeSync(1, 'done\n');
