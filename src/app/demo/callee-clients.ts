// The clients of one process of the demo: one per callee, through the listener of that edge.
import { createClient, type Client } from './http/json-client.ts';
import { hostHeader, type CalleeUrls, type ServiceName } from './topology.ts';

/** One client per callee of a role. */
export function clientsFor(
  urls: CalleeUrls,
  options: { readonly userAgent: string; readonly maxSocketsPerCallee: number },
): ReadonlyMap<ServiceName, Client> {
  const pairs = Object.entries(urls) as [ServiceName, string][];
  return new Map(
    pairs.map(([callee, baseUrl]) => [
      callee,
      createClient({
        baseUrl,
        host: hostHeader(callee, baseUrl),
        userAgent: options.userAgent,
        maxSockets: options.maxSocketsPerCallee,
      }),
    ]),
  );
}
