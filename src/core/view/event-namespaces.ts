// Which namespaces an event is of: what must be known of a viewer's rights before it can be judged, and whether it belongs to a stream of
// one namespace. Pure.
import { assertNever } from '../model/assert-never.ts';
import type { ApiEvent, Verdict } from '../model/event.ts';
import { namespacesOf } from './viewer-rights.ts';

const ofName = (name: string | undefined): string =>
  name?.includes('/') === true ? (name.split('/')[0] ?? '') : '';

const ofVerdict = (verdict: Verdict | undefined): string => ofName(verdict?.policy);

/** Every namespace whose rights decide how the event is seen; '' among them where it is of none. */
export function namespacesIn(event: ApiEvent): readonly string[] {
  switch (event.type) {
    case 'flow':
      return namespacesOf(
        ...[event.source.namespace, event.destination.namespace],
        ...[ofVerdict(event.verdict), ofVerdict(event.shadow)],
      );
    case 'finding':
      return namespacesOf(event.source.namespace, event.destination?.namespace);
    case 'policy':
      return [ofName(event.name)];
    case 'lost':
      return [ofName(event.pod)];
    case 'identity':
      return [event.endpoint.namespace];
    default:
      return assertNever(event);
  }
}

/** Whether the event belongs to a stream of one namespace. That something is missing, and cluster-wide policies, belong to each. */
export function isOf(namespace: string, event: ApiEvent): boolean {
  switch (event.type) {
    case 'flow':
    case 'finding':
      return event.source.namespace === namespace || event.destination?.namespace === namespace;
    case 'policy':
      return ['', namespace].includes(ofName(event.name));
    case 'lost':
      return event.pod === undefined || ofName(event.pod) === namespace;
    case 'identity':
      return event.endpoint.namespace === namespace;
    default:
      return assertNever(event);
  }
}
