// Who is at the ends of an exchange that came by no explicit listener.
import { expect, test } from 'vitest';
import { createFlowEnds } from '../../../src/core/inspect/flow-ends.ts';
import { exchangeGear } from '../../../src/core/model/exchange.ts';
import { peerFromName, type Peer } from '../../../src/core/model/identity.ts';
import { exchangeStartMs, lightExchange, newReader } from '../../helpers/light-exchanges.ts';

const peers: readonly Peer[] = [peerFromName('orders', 'shop'), peerFromName('cart', 'shop')];
const inline = {
  gear: exchangeGear.inline,
  listener: -1,
  sourcePeer: 1,
  destinationPeer: 0,
  clientAddress: '10.77.0.9:41000',
  destinationAddress: '10.77.0.3:8080',
};
const endsOf = createFlowEnds([], { peerOf: (index) => peers[index] });

test('numbers of the directory are named, and the destination has the address the client connected to', () => {
  const ends = endsOf(lightExchange({ fields: inline }));
  expect(ends?.source).toBe(peers[1]);
  expect(ends?.destination).toMatchObject({ workload: 'orders', address: '10.77.0.3:8080' });
});

test('who is not in the directory is a stranger by its address, the same one each time', () => {
  const fields = { ...inline, sourcePeer: -1, clientAddress: '[2001:db8::7]:443' };
  const ends = endsOf(lightExchange({ fields }));
  expect(ends?.source).toMatchObject({ principal: 'world:2001:db8::7', assurance: 'ip' });
  expect(endsOf(lightExchange({ fields }))?.source).toBe(ends?.source);
});

test('an address that has gone over to another peer is told as the other one’s', () => {
  endsOf(lightExchange({ fields: inline }));
  const ends = endsOf(lightExchange({ fields: { ...inline, destinationPeer: 1 } }));
  expect(ends?.destination).toMatchObject({ workload: 'cart', address: '10.77.0.3:8080' });
});

test('an exchange of a listener that there is not has no ends', () => {
  expect(endsOf(lightExchange())).toBeUndefined();
});

test('a light flow and its event both name the gear', () => {
  const reader = newReader();
  const exchange = lightExchange({ fields: inline });
  const light = reader.light(exchange);
  expect(light && reader.eventOf(light)).toEqual(reader.flow(exchange));
  expect(reader.flow(exchange)).toMatchObject({
    gear: 'inline',
    time: new Date(exchangeStartMs + 1).toISOString(),
  });
});
