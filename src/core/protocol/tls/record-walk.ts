// Follows the record framing of one direction of a TLS connection, headers only: contents are encrypted and never looked at.

/** Records of RFC 8446 5.1 and RFC 6520: change_cipher_spec, alert, handshake, application_data, heartbeat. */
const leastType = 20;
const mostType = 24;
const alert = 21;
const handshake = 22;
/** RFC 5246 6.2.3: 2^14 and 2,048 of expansion; TLS 1.3 stays below it. */
const mostLength = 2 ** 14 + 2048;

/** One direction; a class because connections live long and chunks are many: nothing is allocated per chunk. */
export class RecordWalk {
  /** Bytes of the record in hand that are still to come. */
  #left = 0;
  /** Header bytes read of the record that begins. */
  #header = 0;
  #length = 0;
  #begun = false;

  /** The first record's header was read, and is one. */
  get begun(): boolean {
    return this.#begun;
  }

  /** False from the first byte that no record can have there; what was walked before stays walked. */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at < end) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, end - at);
        this.#left -= step;
        at += step;
        continue;
      }
      if (!this.#takeHeader(bytes[at] as number)) return false;
      at += 1;
    }
    return true;
  }

  #takeHeader(byte: number): boolean {
    const at = this.#header;
    this.#header = at + 1;
    if (at === 0) return this.#takeType(byte);
    if (at === 1) return byte === 3;
    if (at === 2) return byte <= 4;
    if (at === 3) {
      this.#length = byte << 8;
      return this.#length <= mostLength;
    }
    this.#length |= byte;
    this.#left = this.#length;
    this.#header = 0;
    const fits = this.#length > 0 && this.#length <= mostLength;
    this.#begun ||= fits;
    return fits;
  }

  /** Both sides begin with a handshake, or with the alert that there will be none. */
  #takeType(byte: number): boolean {
    if (!this.#begun) return byte === handshake || byte === alert;
    return byte >= leastType && byte <= mostType;
  }
}
