// Feed or cluster: decided by words that somebody typed, never by what happens to be there, so that nobody writes to a production
// cluster by accident. -n says which namespace, not where. Pure; loads nothing of Kubernetes.
import { AppError } from '../../../core/model/app-error.ts';
import type { KubeChoice } from '../../../io/kube/config/kube-target.ts';
import { flagOption, textOption } from '../option-values.ts';
import type { OptionValues } from '../verbs.ts';

/** Each means the cluster, and its name in the kubeconfig's terms. */
const texts = [
  ['context', '--context', 'context'],
  ['kubeconfig', '--kubeconfig', 'kubeconfig'],
  ['as', '--as', 'as'],
  ['asUid', '--as-uid', 'asUid'],
] as const;

function usage(code: string, message: string, hint: string): AppError {
  return new AppError({ code, family: 'usage', message, hint });
}

const typed = (flag: string): string => flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The flags that mean the cluster, as they were typed. */
function clusterFlags(options: OptionValues): readonly string[] {
  return [
    ...(flagOption(options, 'cluster') ? ['--cluster'] : []),
    ...texts.filter(([name]) => textOption(options, name) !== undefined).map(([, flag]) => flag),
    ...(textOption(options, 'asGroup') === undefined ? [] : ['--as-group']),
  ];
}

/** What makes no sense without a cluster. */
function refuseClusterOnly(options: OptionValues): void {
  if (textOption(options, 'previewFrom') !== undefined)
    throw usage(
      'PREVIEW_FROM_FEED',
      '--preview-from is for a change to a cluster, and no cluster was named: an agent previews with what it has seen itself.',
      'Add --cluster or --context NAME, or leave --preview-from out.',
    );
  const how = options['dryRun'];
  if (how === 'server')
    throw usage(
      'DRY_RUN_SERVER',
      '--dry-run=server asks an API server, and no cluster was named.',
      'Add --cluster or --context NAME, or write --dry-run.',
    );
}

function refuseBoth(flag: string, options: OptionValues): void {
  for (const other of ['connect', 'policies'])
    if (textOption(options, other) !== undefined)
      throw usage(
        'CLUSTER_AND_FEED',
        `${flag} means a cluster, and --${typed(other)} ${other === 'connect' ? 'a feed' : 'a folder'}: only one of them can be meant.`,
        other === 'connect'
          ? 'Leave one of them out; to see what a change to the cluster would have done to flows of that feed, write --preview-from ADDRESS.'
          : 'Leave one of them out.',
      );
}

/** kubectl's flags when one of them, or --cluster, was given; undefined: a feed or a folder is meant. @throws AppError when both are. */
export function clusterChoice(options: OptionValues): KubeChoice | undefined {
  const [flag] = clusterFlags(options);
  if (flag === undefined) {
    refuseClusterOnly(options);
    return undefined;
  }
  refuseBoth(flag, options);
  const asGroups = textOption(options, 'asGroup')?.split('\n');
  const namespace = textOption(options, 'namespace');
  return {
    ...Object.fromEntries(
      texts.flatMap(([name, , field]) => {
        const value = textOption(options, name);
        return value === undefined ? [] : [[field, value]];
      }),
    ),
    ...(asGroups === undefined ? {} : { asGroups }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}
