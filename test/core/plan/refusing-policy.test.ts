// Whose rule refused an opening: the same answer as the kernel's maps give, which try what names the port before what names none.
import { expect, test } from 'vitest';
import type { KernelEntry } from '../../../src/core/plan/node-plan.ts';
import { createRefusingPolicy } from '../../../src/core/plan/refusing-policy.ts';

const entry = (policy: string, cidr: string, ports: readonly number[] = []): KernelEntry => ({
  ...{ policy, cidr, ports, answer: 'reset', existing: 'cut' },
  family: cidr.includes(':') ? 6 : 4,
});

const refusing = createRefusingPolicy({
  inbound: [
    entry('host', '10.0.0.7/32'),
    entry('host-port', '10.0.0.7/32', [8080]),
    entry('net', '10.0.0.0/24'),
    entry('six', 'fd00::7/128'),
    entry('all-81', '0.0.0.0/0', [81]),
  ],
  outbound: [entry('out', '192.0.2.0/24', [443]), entry('everything', '0.0.0.0/0')],
  judgedElsewhere: ['192.0.2.9/32'],
});
const inbound = (remote: string, port: number): string | undefined =>
  refusing.of({ inbound: true, remote, port });
const outbound = (remote: string, port: number): string | undefined =>
  refusing.of({ inbound: false, remote, port });

test.each([
  ['10.0.0.7', 8080, 'host-port'],
  ['10.0.0.7', 9, 'host'],
  ['::ffff:10.0.0.7', 9, 'host'],
  ['10.0.0.8', 9, 'net'],
  ['10.0.0.8', 81, 'all-81'],
  ['10.0.1.8', 81, 'all-81'],
  ['10.0.1.8', 80, undefined],
  ['fd00::7', 80, 'six'],
  ['fd00::8', 80, undefined],
  ['not an address', 80, undefined],
] as const)('towards the pod from %s on %i: %s', (remote, port, policy) => {
  expect(inbound(remote, port)).toBe(policy);
});

test.each([
  ['192.0.2.1', 443, 'out'],
  ['192.0.2.1', 80, 'everything'],
  ['192.0.2.9', 443, undefined],
  ['198.51.100.1', 53, undefined],
] as const)('from the pod to %s on %i: %s', (remote, port, policy) => {
  expect(outbound(remote, port)).toBe(policy);
});

// The maps of one shape are asked one answer after the other, so a wider reset comes before a narrower drop.
const nested = createRefusingPolicy({
  inbound: [],
  outbound: [
    { ...entry('narrow-drop', '10.1.2.0/24'), answer: 'drop' },
    entry('wide-reset', '10.1.0.0/16'),
    { ...entry('host-drop', '10.1.2.9/32'), answer: 'drop' },
    { ...entry('six-drop', 'fd00::/96'), answer: 'drop' },
    entry('everyone', '::/0'),
    { ...entry('wide-drop-443', '10.0.0.0/8', [443]), answer: 'drop' },
  ],
  judgedElsewhere: [],
});

test.each([
  ['10.1.2.3', 80, 'wide-reset', 'reset'],
  ['10.1.2.9', 80, 'host-drop', 'drop'],
  ['10.1.2.9', 443, 'wide-drop-443', 'drop'],
  ['fd00::1', 80, 'six-drop', 'drop'],
  ['fd01::1', 80, 'everyone', 'reset'],
] as const)('to %s on %i the map that is asked first decides: %s, %s', (remote, port, policy, answer) => {
  expect(nested.entryOf({ inbound: false, remote, port })).toMatchObject({ policy, answer });
});
