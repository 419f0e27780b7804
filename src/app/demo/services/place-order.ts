// What happens between "buy" and "thank you": reserve, write down, charge, confirm, and undo what was done when one refuses.
import { countField, field, listField, textField } from '../http/fields.ts';
import type { Ask } from '../http/json-client.ts';
import type { Call, Reply } from '../http/json-server.ts';
import { idOf, invalid, relay, type ServiceContext } from './context.ts';

/** One position of an order. */
export interface OrderLine {
  readonly productId: number;
  readonly name: string;
  readonly priceCents: number;
  readonly quantity: number;
}

/** What is needed to place an order. */
export interface NewOrder {
  readonly customer: number;
  readonly totalCents: number;
  readonly items: readonly OrderLine[];
  readonly recipient: string;
  readonly address: string;
}

/** Where orders are written down. */
export interface OrderBook {
  /** Stores a new order and returns its id. */
  open(order: NewOrder): number;
  settle(id: number, status: 'paid' | 'declined' | 'failed'): void;
}

/** 201 with the order, 409 out of stock, 402 card declined, 502 when a part of the shop is away. */
export async function placeOrder(context: ServiceContext, book: OrderBook, call: Call): Promise<Reply> {
  const order = readOrder(call);
  if (order === undefined) return invalid('items');
  const send = (ask: Omit<Ask, 'token' | 'trace'>): Ask => ({
    ...ask,
    token: context.ownToken(),
    trace: call.trace,
  });
  const reserved = await context.call(
    'catalog',
    send({ method: 'POST', path: '/reservations', body: { items: order.items } }),
  );
  if (reserved.status !== 201) return relay(reserved);
  const id = book.open(order);
  const charge = { orderId: id, amountCents: order.totalCents, card: field(call.body, 'card') };
  const charged = await context.call('payments', send({ method: 'POST', path: '/charges', body: charge }));
  if (charged.status !== 201) {
    book.settle(id, charged.status === 402 ? 'declined' : 'failed');
    const reservation = textField(reserved.body, 'reservation') ?? '';
    await context.call('catalog', send({ method: 'DELETE', path: `/reservations/${reservation}` }));
    return relay(charged);
  }
  book.settle(id, 'paid');
  const message = { customerId: order.customer, template: 'order-confirmed', reference: String(id) };
  // In the background: a mail that cannot be sent does not undo an order.
  void context.call('notifications', send({ method: 'POST', path: '/messages', body: message }));
  return { status: 201, body: { id, status: 'paid', totalCents: order.totalCents } };
}

function readOrder({ body, claims }: Call): NewOrder | undefined {
  const customer = idOf(claims?.sub);
  const items = listField(body, 'items', 50).map(readLine);
  if (customer === undefined || items.length === 0) return undefined;
  const lines = items.filter((line) => line !== undefined);
  if (lines.length !== items.length) return undefined;
  const shipTo = field(body, 'shipTo');
  return {
    customer,
    items: lines,
    totalCents: lines.reduce((sum, line) => sum + line.priceCents * line.quantity, 0),
    recipient: textField(shipTo, 'name') ?? '',
    address: textField(shipTo, 'address') ?? '',
  };
}

function readLine(value: unknown): OrderLine | undefined {
  const productId = countField(value, 'productId');
  const priceCents = countField(value, 'priceCents');
  const quantity = countField(value, 'quantity');
  if (productId === undefined || priceCents === undefined || quantity === undefined) return undefined;
  return { productId, priceCents, quantity, name: textField(value, 'name') ?? 'unnamed' };
}
