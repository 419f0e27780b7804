// One body, shown to one person: the right in both namespaces, and a line in the hub's audit log whatever comes of it.
import type { FlowEvent } from '../../../core/model/event.ts';
import { namespacesOf } from '../../../core/view/viewer-rights.ts';
import { apiVersionOf, kinds } from '../api/resource-kind.ts';
import { forbidden, type Refused } from './answers.ts';
import type { Caller } from './caller.ts';
import type { AuditLine, DoorFeed, DoorOptions } from './door-options.ts';

/** Which body. */
export interface Asked {
  readonly namespace: string;
  readonly id: string;
}

/** What a body is answered with: the masked request and answer of a flow, whole. */
export type RevealedBody = Readonly<Record<string, unknown>>;

const isOf = ({ source, destination }: FlowEvent, namespace: string): boolean =>
  [source.namespace, destination.namespace].includes(namespace);

const bodyOf = ({ id, request, response, light }: FlowEvent, namespace: string): RevealedBody => ({
  ...{ apiVersion: apiVersionOf(kinds.bodies), kind: kinds.bodies.kind, metadata: { name: id, namespace } },
  ...{ request, response },
  ...(light === true ? { light } : {}),
});

const gone = ({ id, namespace }: Asked): Refused => ({
  code: 404,
  message: `There is no flow ${id} in namespace ${namespace} in the hub's window (any more).`,
});

/**
 * The body, or why not. Whether there is such a flow is told only to who may see bodies of the namespace that they named.
 * @throws AppError when the API server cannot be asked.
 */
export async function reveal(
  { access, audit, now }: Pick<DoorOptions, 'access' | 'audit' | 'now'>,
  { person, by }: Caller,
  asked: Asked & { readonly feed: DoorFeed },
): Promise<{ readonly body: RevealedBody } | { readonly refused: Refused }> {
  const { namespace, id, feed } = asked;
  const say = (decision: AuditLine['decision']): void =>
    audit({
      ...{ time: new Date(now()).toISOString(), user: person.user, verb: 'get', resource: 'bodies' },
      ...{ namespace, name: id, decision, by },
    });
  const deny = (where: string): { readonly refused: Refused } => {
    say('forbidden');
    return { refused: forbidden(person, 'get', { resource: kinds.bodies, namespace: where }) };
  };
  if (!(await access(person, 'bodies', namespace))) return deny(namespace);
  const flow = feed.flow(id);
  if (flow === undefined || !isOf(flow, namespace)) {
    say('gone');
    return { refused: gone(asked) };
  }
  for (const other of namespacesOf(flow.source.namespace, flow.destination.namespace))
    if (!(await access(person, 'bodies', other))) return deny(other);
  say('allowed');
  return { body: bodyOf(flow, namespace) };
}
