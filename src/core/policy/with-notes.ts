// Labels and annotations put on a policy of either kind, which stays of its kind.
import type { Policy } from './schema.ts';

/** What led to a policy, in a sentence. */
export const evidenceAnnotation = 'apidefense.dev/evidence';

/** The policy with these instead of its own; what is absent stays as it was. */
export const withNotes = <Kind extends Policy>(
  policy: Kind,
  notes: Readonly<Pick<Policy['metadata'], 'labels' | 'annotations'>>,
): Kind => ({ ...policy, metadata: { ...policy.metadata, ...notes } });
