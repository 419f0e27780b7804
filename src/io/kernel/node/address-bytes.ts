// IP addresses as the kernel's bytes, from and to text. Pure.
import { addressText, socketAddressBytes } from '../socket-address.ts';
import { family } from '../linux.ts';

/** Text of 4 or 16 bytes in network order, as the rest of the program spells it: IPv4-mapped ones as IPv4. */
export function addressOfBytes(bytes: Buffer): string {
  const view = new DataView(new ArrayBuffer(socketAddressBytes));
  const four = bytes.length === 4;
  view.setUint16(0, four ? family.inet : family.inet6, true);
  for (const [index, byte] of bytes.entries()) view.setUint8((four ? 4 : 8) + index, byte);
  return addressText(view)
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');
}
