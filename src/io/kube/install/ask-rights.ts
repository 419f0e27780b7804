// What a person may not do of what is needed, asked of the API server right by right before anything is changed.
import {
  missingNeeds,
  rightKey,
  rightsToAsk,
  type Need,
  type Right,
} from '../../../core/install/plan/rights.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { atOnce } from './at-once.ts';

async function isAllowed(api: KubeApi, right: Right): Promise<boolean> {
  const { verb, group, namespace, name } = right;
  const [plural = '', subresource] = right.resource.split('/');
  const { allowed } = await api.mayI({
    // Rights do not depend on the version.
    ...{ verb, resource: { group, version: '*', plural, kind: plural, namespaced: namespace !== undefined } },
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  });
  return allowed;
}

/** Needs that are not met; empty: nothing is missing. @throws AppError where the API server cannot be asked. */
export async function askRights(api: KubeApi, needs: readonly Need[]): Promise<readonly Need[]> {
  const answers = new Map<string, boolean>();
  for (;;) {
    const asked = rightsToAsk(needs, answers);
    if (asked.length === 0) return missingNeeds(needs, answers);
    const allowed = await atOnce(asked, (right) => isAllowed(api, right));
    asked.forEach((right, at) => answers.set(rightKey(right), allowed[at] === true));
  }
}
