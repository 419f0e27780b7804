// What can be done for each pod, told as identities whenever it changes. Pure but for the moment of the telling.
import type { ApiEvent, IdentityEvent } from '../../../core/model/event.ts';
import { toEndpoint } from '../../../core/model/identity.ts';
import type { LocalPod } from '../../../core/model/pod.ts';
import { peerOfPod } from '../../../core/plan/directory.ts';
import type { NodeController } from './node-controller.ts';
import type { Place } from './places.ts';

/** What can be done for a pod, in words. */
function coverageOf(pod: LocalPod, place: Place | undefined): string {
  if (pod.hostNetwork) return 'not enforceable: it shares the node’s network';
  if (place?.gears === undefined) return `not enrolled: ${place?.fault ?? 'nothing is known of it yet'}`;
  const { tap, inline } = place.gears.plan;
  const ports = inline.map(({ port }) => port).join(', ');
  const ways = [...(tap ? ['tapped'] : []), ...(ports === '' ? [] : [`inline on ${ports}`])];
  return ways.length === 0 ? 'enrolled, not observed' : `inspected: ${ways.join(', ')}`;
}

/** Tells each pod’s workload once for each coverage it comes to. */
export function createIdentities(
  tell: (event: ApiEvent) => void,
): (pods: ReturnType<NodeController['pods']>) => void {
  const told = new Map<string, string>();
  return (pods) => {
    for (const { pod, place } of pods) {
      const coverage = coverageOf(pod, place);
      if (told.get(pod.id) === coverage) continue;
      told.set(pod.id, coverage);
      const endpoint = toEndpoint(peerOfPod(pod), undefined);
      const event: IdentityEvent = {
        ...{ type: 'identity', time: new Date().toISOString(), role: 'listener', endpoint, coverage },
      };
      tell(event);
    }
  };
}
