// Numbers of one direction that lie far beyond all that is known of it. A tap that lost much meets them, and so does one that is fed forged
// frames; the two are told apart by the other end: where data ends, its receiver acknowledges, and where it has acknowledged, its sender goes on.

/**
 * So far ahead of what is known one segment is taken at its word: what waits behind a hole gives it up earlier (`TapLimits.connectionBytes`),
 * and random numbers fall into it once in 4,096 times.
 */
export const reachBytes = 1024 * 1024;
/** Up to here what both ends say need not be the same byte: bytes are on their way between them. Beyond, chance would find pairs. */
const usualLossBytes = 32 * 1024 * 1024;
const onTheirWayBytes = 64 * 1024;

function agree(one: number, other: number, aheadBytes: number): boolean {
  const apart = Math.abs((one - other) | 0);
  return apart === 0 || (aheadBytes <= usualLossBytes && apart <= onTheirWayBytes);
}

/** The last such claim of each end; made when there is one. */
export class FarClaims {
  #acked = 0;
  #ackKnown = false;
  #dataEnd = 0;
  #dataKnown = false;

  /** What the receiver claimed to have. */
  get acked(): number {
    return this.#acked;
  }

  /** Data, `aheadBytes` beyond what was delivered: true when the receiver has acknowledged what lies before it; otherwise it is noted. */
  dataProves(sequence: number, length: number, aheadBytes: number): boolean {
    if (this.#ackKnown && agree(sequence, this.#acked, aheadBytes)) return true;
    this.#dataEnd = (sequence + length) | 0;
    this.#dataKnown = true;
    return false;
  }

  /** An acknowledgement: true when the sender has sent what ends there; otherwise it is noted. */
  ackProves(ack: number, aheadBytes: number): boolean {
    if (this.#dataKnown && agree(ack, this.#dataEnd, aheadBytes)) return true;
    this.#acked = ack | 0;
    this.#ackKnown = true;
    return false;
  }
}
