// Which interfaces of a pod are tapped, and what is said of those that are not: made-up lists, no kernel.
import { expect, test } from 'vitest';
import {
  chooseInterfaces,
  mostInterfaces,
  unheardSentence,
  type PodInterface,
} from '../../../src/core/tap/tapped-interfaces.ts';

const own = ['10.77.0.3', 'fd77::3'];
const link = (
  name: string,
  addresses: readonly string[],
  change: Partial<PodInterface> = {},
): PodInterface => ({
  ...{ name, isUp: true, isLoopback: false, isEthernet: true, addresses },
  ...change,
});
const loopback = link('lo', ['192.0.2.1'], { isLoopback: true });
const eth0 = link('eth0', own);
const net = (number: number): PodInterface => link(`net${number}`, [`10.78.${number}.3`]);

test('all by which others reach the pod are heard, the one of its own address first, whatever order they are in', () => {
  expect(chooseInterfaces([loopback, net(1), eth0, net(2)], own)).toEqual({
    heard: ['eth0', 'net1', 'net2'],
    further: ['10.78.1.3', '10.78.2.3'],
    unheard: [],
  });
});

test('a second address of the first interface is the pod’s, too', () => {
  expect(chooseInterfaces([link('eth0', [...own, '10.77.0.99'])], own).further).toEqual(['10.77.0.99']);
});

test('what is down, and what has no address of its own, is passed over in silence', () => {
  const down = link('net1', ['10.78.1.3'], { isUp: false });
  const port = link('veth7', []);
  expect(chooseInterfaces([eth0, down, port], own)).toEqual({ heard: ['eth0'], further: [], unheard: [] });
});

test('more than the bound, and those whose frames are no Ethernet, are named with the reason', () => {
  const nets = Array.from({ length: 5 }, (_, index) => net(index + 1));
  const tunnel = link('tun0', ['10.99.0.1'], { isEthernet: false });
  const { heard, further, unheard } = chooseInterfaces([eth0, tunnel, ...nets], own);
  expect(heard).toHaveLength(mostInterfaces);
  expect(heard).toEqual(['eth0', 'net1', 'net2', 'net3']);
  expect(further).toEqual(['10.78.1.3', '10.78.2.3', '10.78.3.3']);
  expect(unheardSentence(unheard)).toBe(
    'What comes by net4, net5 is not told: the tap listens on 4 interfaces of a pod. What comes by tun0 is not told: it is no Ethernet interface.',
  );
  expect(unheardSentence([])).toBe('');
});

test('one with an address of the pod’s is not the one too many', () => {
  const nets = Array.from({ length: 5 }, (_, index) => net(index + 1));
  const six = link('six', ['fd77::3']);
  const four = link('eth0', ['10.77.0.3']);
  expect(chooseInterfaces([four, ...nets, six], own).heard.slice(0, 2)).toEqual(['eth0', 'six']);
});

test('where no interface has the pod’s address none is heard: nobody could say whose it is', () => {
  expect(chooseInterfaces([loopback, net(1)], own)).toEqual({ heard: [], further: [], unheard: [] });
});
