// What led to a policy, kept in the object: what the preview said of the traffic when it was drafted. In a cluster alone, where the object is read
// by people who were not there. Pure.
import { previewSentences } from '../../core/policy/preview-sentences.ts';
import type { PreviewResult } from '../../core/policy/preview.ts';
import { policyToYaml } from '../../core/policy/to-yaml.ts';
import { evidenceAnnotation, withNotes } from '../../core/policy/with-notes.ts';
import type { MutationDialog } from './dialog.ts';
import type { AppState } from './state.ts';

/** As the schema bounds an annotation. */
const longestChars = 1024;

/** The dialog with the preview's headline in its policy: what is shown is what is written. */
export function withEvidence(
  { place }: Pick<AppState, 'place'>,
  dialog: MutationDialog,
  result: PreviewResult,
): MutationDialog {
  if (place === undefined) return dialog;
  const [headline = ''] = previewSentences(result, true);
  const source = `live flows of the context ${place.context}, drafted from flow ${dialog.flow.id}`;
  const evidence = `${headline} (${source})`.slice(0, longestChars);
  const annotations = { ...dialog.policy.metadata.annotations, [evidenceAnnotation]: evidence };
  const policy = withNotes(dialog.policy, { annotations });
  return { ...dialog, policy, yaml: policyToYaml(policy).trimEnd().split('\n') };
}
