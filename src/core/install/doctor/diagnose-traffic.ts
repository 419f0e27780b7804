// What traffic that was seen can be read and what not, and what that means for policies. Pure.
import { listed } from '../../plan/outcome.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { OpaqueWorkload, TrafficSeen } from './traffic.ts';

/** What a short word of a flow stands for. */
const words: Readonly<Record<string, string>> = {
  tls: 'TLS, such as mutual TLS of a mesh or of the application itself',
  h2: 'HTTP/2',
  upgrade: 'upgraded connections such as WebSocket',
  connect: 'tunnels by CONNECT',
  'server-first': 'protocols in which the server speaks first',
  broken: 'HTTP that cannot be read in one way only',
  unknown: 'protocols other than HTTP',
};

/** Workloads that are named for one reason. */
const mostNamed = 10;

function sentenceFor(word: string, of: readonly OpaqueWorkload[]): string {
  const named = of
    .slice(0, mostNamed)
    .map(({ workload, connections, requests }) =>
      requests === 0
        ? `${workload} (${connections})`
        : `${workload} (${connections}, beside ${requests === 1 ? '1 request' : `${requests} requests`} that can be read)`,
    );
  const more = of.length > mostNamed ? ` and ${of.length - mostNamed} more` : '';
  return `Opaque, ${words[word] ?? word}: connections to ${listed(named)}${more}. Policies by address and port hold there, those on methods, paths or headers follow their failure.`;
}

/** Traffic by what can be read of it; nothing where none was asked for or seen but a sentence that says so. */
export function trafficDiagnoses({ flows, called, inspected, opaque }: TrafficSeen): readonly Diagnosis[] {
  if (flows === 0)
    return [
      {
        ...{ level: 'note', topic: 'traffic' },
        sentence:
          'No traffic was seen in the window of the hub: nothing calls anything, or nobody could be asked.',
      },
    ];
  const byWord = Map.groupBy(opaque, ({ why }) => why[0] ?? 'unknown');
  const sum = `Called in the newest flows (${flows}): ${called === 1 ? '1 workload' : `${called} workloads`}, of which ${inspected} can be read whole and ${called - inspected} not or in part.`;
  return [
    { level: 'ok', topic: 'traffic', sentence: sum },
    ...[...byWord].map(([word, of]): Diagnosis => ({
      level: 'note',
      topic: 'traffic',
      sentence: sentenceFor(word, of),
    })),
  ];
}
