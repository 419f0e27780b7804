// Addresses as events write them, `ip:port` or `[ip]:port`. Text only: what an address means is policy/ip-address.ts.

/** `10.0.0.7:5123` → `10.0.0.7`, `[::1]:80` → `::1`; an address without port stays. */
export function hostOf(address: string): string {
  if (address.startsWith('[')) return address.slice(1, address.indexOf(']'));
  const colon = address.lastIndexOf(':');
  return colon > 0 && address.indexOf(':') === colon ? address.slice(0, colon) : address;
}
