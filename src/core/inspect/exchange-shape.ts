// What kind of exchange one is, told by its numbers. Knows no event.
import type { Exchange } from '../model/exchange.ts';

/** A request line was read. */
export const hasRequest = ({ headLength, methodStart, methodEnd }: Exchange): boolean =>
  headLength > 0 && methodEnd > methodStart;

/** A request that was answered to the end: nearly all are. */
export const isWhole = (exchange: Exchange): boolean =>
  hasRequest(exchange) && exchange.firstByteAt > 0 && exchange.endedAt > 0;

/** Nothing about it needs a field that most have not. */
export const isPlain = (exchange: Exchange): boolean =>
  isWhole(exchange) &&
  !exchange.local &&
  !exchange.announced &&
  !exchange.opening &&
  exchange.broken === '' &&
  exchange.opaque === '' &&
  exchange.cut === '' &&
  exchange.blockId === '';
