// What a worker keeps of one tapped pod: its rings by interface, and what holds for all of them. Knows no socket.
import { nothingCarried, type CarriedPorts } from '../../../core/tap/tap-filter.ts';
import type { Tap, TapScope } from '../../../core/tap/tap-port.ts';
import type { TappedSelf } from './tap-ends-of.ts';

/** A pod: one tap for all its interfaces, since an answer may leave by another one than its question came. */
export interface Tapped {
  /** Its rings as main numbered them, by the interface; '' where main names none. */
  readonly numbers: Map<string, number>;
  scope: TapScope;
  self: TappedSelf;
  /** What the rings leave out. */
  carried: CarriedPorts;
  /** Ports that the pod has called from while they were left out, and never are again: what it calls there looks like what inline carries. */
  readonly called: Set<number>;
  /** The frames that are read now come by an interface that has none of the pod's own addresses. */
  isFurther: boolean;
  readonly tap: Tap;
}

/** A ring of one of the pods. */
export interface NumberedRing {
  readonly pod: string;
  readonly tapped: Tapped;
  readonly interfaceName: string;
}

/** Until main has said whose it is; no frame is read before. */
const noScope: TapScope = {
  ...{ addresses: new Set(), ports: new Set(), reports: 'destination' },
  enrolled: () => false,
};

/** A pod without a ring yet. */
export const newTapped = (tap: Tap): Tapped => ({
  ...{ numbers: new Map(), scope: noScope, self: { addresses: [], further: new Set() } },
  ...{ carried: nothingCarried, called: new Set(), isFurther: false, tap },
});

/** The ring that main means by the number; undefined when there is none any more. */
export function ringNumbered(pods: ReadonlyMap<string, Tapped>, number: number): NumberedRing | undefined {
  for (const [pod, tapped] of pods)
    for (const [interfaceName, each] of tapped.numbers)
      if (each === number) return { pod, tapped, interfaceName };
  return undefined;
}

/** What of it a pod's rings may leave out. */
export const withoutCalled = ({ ports, ipv6 }: CarriedPorts, { called }: Tapped): CarriedPorts => ({
  ports: ports.filter((port) => !called.has(port)),
  ipv6,
});
