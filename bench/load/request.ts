// The one request that every peer gets: what a service really sends to another, about 700 bytes.

const token = `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${'eyJpc3MiOiJzaG9wIiwic3ViIjoic3ZjOnN0b3JlZnJvbnQifQ'.repeat(3)}.${'c2lnbmF0dXJl'.repeat(3)}`;

export const requestPath = '/orders/10427';

/** Headers besides Host. */
export const requestHeaders: readonly (readonly [string, string])[] = [
  ['user-agent', 'storefront/1.8.2'],
  ['accept', 'application/json'],
  ['authorization', `Bearer ${token}`],
  ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ['x-request-id', '0b8f1c1e-0c55-4a0e-9a5c-2f4f1f1b9a77'],
];

/** The request's bytes. */
export function requestBytes(): Buffer {
  const lines = requestHeaders.map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(
    [`GET ${requestPath} HTTP/1.1`, 'host: api.shop.svc.cluster.local', ...lines, '', ''].join('\r\n'),
  );
}
