// Which groups and kinds an API server serves now, those of aggregated APIs included, as long as somebody answers for them.
import { ask, plain, type Client } from './kube-client.ts';
import { fieldOf, listOf, textOf } from './kube-object.ts';
import type { ResourceKind } from './resource-kind.ts';

/** What is served. */
export interface Discovery {
  /** Kinds in their preferred version that can be listed. */
  readonly listable: readonly ResourceKind[];
  /** `group/version` of those whose kinds could not be read: an aggregated API that is away. */
  readonly unread: readonly string[];
}

/** What was asked for, in refusals. */
const discovered: ResourceKind = {
  group: '',
  version: '',
  plural: 'apis',
  kind: 'APIGroupList',
  namespaced: false,
};

const get = (client: Client, path: string): Promise<unknown> =>
  ask(client, { method: 'GET', path, accept: plain }, { verb: 'get', resource: discovered });

function kindsOf(groupVersion: string, answer: unknown): readonly ResourceKind[] {
  const [version = '', group = ''] = groupVersion.split('/').toReversed();
  return listOf(fieldOf(answer, 'resources')).flatMap((row) => {
    const [plural, kind] = [textOf(fieldOf(row, 'name')) ?? '', textOf(fieldOf(row, 'kind')) ?? ''];
    const isListable = listOf(fieldOf(row, 'verbs')).includes('list') && !plural.includes('/');
    const namespaced = fieldOf(row, 'namespaced') === true;
    return isListable && plural !== '' ? [{ group, version, plural, kind, namespaced }] : [];
  });
}

interface Group {
  readonly name: string;
  /** The preferred one. */
  readonly groupVersion: string;
}

async function groupsOf(client: Client): Promise<readonly Group[]> {
  return listOf(fieldOf(await get(client, '/apis'), 'groups')).map((group) => ({
    name: textOf(fieldOf(group, 'name')) ?? '',
    groupVersion: textOf(fieldOf(fieldOf(group, 'preferredVersion'), 'groupVersion')) ?? '',
  }));
}

/** Names of all groups that are served, but the core's. @throws AppError when the API server does not answer. */
export const servedGroups = async (client: Client): Promise<readonly string[]> =>
  (await groupsOf(client)).map(({ name }) => name);

/** @throws AppError when the API server does not answer. */
export async function discover(client: Client): Promise<Discovery> {
  const listable: ResourceKind[] = [...kindsOf('v1', await get(client, '/api/v1'))];
  const unread: string[] = [];
  for (const { groupVersion } of await groupsOf(client))
    try {
      listable.push(...kindsOf(groupVersion, await get(client, `/apis/${groupVersion}`)));
    } catch {
      unread.push(groupVersion);
    }
  return { listable, unread };
}
