// What each call of the field should come to: every caller, server, port and family, judged by the evaluator that enforces, with what can be
// enforced where added by hand. Knows no kernel and no plan.
import type { Peer } from '../../src/core/model/identity.ts';
import { createStrangers } from '../../src/core/model/stranger.ts';
import { createDirectoryBook } from '../../src/core/plan/directory.ts';
import { createBuckets } from '../../src/core/policy/buckets.ts';
import { compilePolicies } from '../../src/core/policy/compile.ts';
import { createDecider, type PolicyDecider } from '../../src/core/policy/decide.ts';
import { newDecision } from '../../src/core/policy/decision.ts';
import { judgement } from '../../src/core/policy/decider.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { headOf, noon } from '../core/policy/build.ts';
import { fieldPorts, type Member, type NodeField } from './node-field.ts';
import { kinds, type Kind, type Row } from './node-matrix-rows.ts';

export interface Call {
  readonly caller: Member;
  readonly server: Member;
  readonly port: number;
  readonly family: 4 | 6;
  readonly kind: Kind;
}

const addressOf = ({ pod }: Member, family: 4 | 6): string => (family === 4 ? pod.ipv4 : pod.ipv6);
export const hostOf = ({ server, family }: Call): string => addressOf(server, family);
export const sourceOf = ({ caller, family }: Call): string => addressOf(caller, family);

/** `teller>orders 8080 4 admin`. */
export const nameOfCall = ({ caller, server, port, family, kind }: Call): string =>
  `${caller.name}>${server.name} ${port} ${family} ${kind}`;

/** Everyone with everyone else, both ports, both families. */
export const callsOf = (members: readonly Member[], ofKinds: readonly Kind[]): readonly Call[] =>
  members.flatMap((caller) =>
    members
      .filter((server) => server !== caller)
      .flatMap((server) =>
        fieldPorts.flatMap((port) =>
          ([4, 6] as const).flatMap((family) =>
            ofKinds.map((kind) => ({ caller, server, port, family, kind })),
          ),
        ),
      ),
  );

export const needsRequests = ({ spec }: Policy): boolean =>
  spec.match !== undefined || spec.action.type === 'Throttle';

/** What the evaluator says of a call. */
export interface Judged {
  /** `allow`, `block`, `throttle`. */
  readonly action: string;
  readonly shadow: string;
  /** Somebody's policy is about connections of this pair, whatever is asked on them. */
  readonly selected: boolean;
  readonly principal: string;
}

const actions = ['allow', 'block', 'throttle'];

export interface Judge {
  of(call: Call): Judged;
}

/** Over one set of policies; throttles count every call asked about. */
export function createJudge(field: NodeField, policies: readonly Policy[]): Judge {
  const book = createDirectoryBook();
  book.update(field.inventory());
  const strangerOf = createStrangers();
  const peerAt = (address: string): Peer => book.peer(book.peerOf(address)) ?? strangerOf(address);
  const { buffer } = compilePolicies(policies, { generation: 1, nowMs: noon });
  const decider: PolicyDecider = createDecider(buffer, [], createBuckets());
  return {
    of(call) {
      const [clientAddress, destinationAddress] = [sourceOf(call), hostOf(call)];
      const source = peerAt(clientAddress);
      const destination = peerAt(destinationAddress);
      const pair = { source, destination, clientAddress, destinationAddress };
      const scope = decider.scopeOfConnection({ ...pair, destinationPort: call.port });
      const { method, path, headers } = kinds[call.kind];
      const out = newDecision();
      decider.decide(scope, headOf({ method, path, headers: Object.entries(headers) }), '', noon, out);
      return {
        action: actions[out.action]!,
        shadow: actions[out.shadowAction]!,
        selected: decider.judges(scope, noon) !== judgement.none,
        principal: source.principal,
      };
    },
  };
}

/** Judges each call by what can be enforced for it: at a pod here everything, at a source here what goes by address, elsewhere nothing. */
export function createEnforced(field: NodeField, row: Row): (call: Call) => Judged {
  const whole = createJudge(field, row.policies);
  const byAddress = createJudge(
    field,
    row.policies.filter((policy) => !needsRequests(policy)),
  );
  const nobody = createJudge(field, []);
  return (call) => {
    if (call.server.place === 'here') return whole.of(call);
    return (call.caller.place === 'here' ? byAddress : nobody).of(call);
  };
}

/** What the caller of a blocked call is told, as a status or an error. */
export function refusalOf(field: NodeField, row: Row, call: Call): string {
  const byAddress = row.policies.filter((policy) => !needsRequests(policy));
  const dropped = byAddress.some(
    ({ spec: { action } }) => action.type === 'Block' && action.block?.answer === 'Drop',
  );
  if (createJudge(field, byAddress).of(call).action === 'block') return dropped ? 'GAVE_UP' : 'ECONNREFUSED';
  const resets = row.policies.some(
    ({ spec: { action } }) => action.type === 'Block' && action.block?.answer === 'Reset',
  );
  return resets ? 'ECONNRESET' : '403';
}

/** Whether a refusal written by hand means this call. */
export function meant(pattern: string, call: Call): boolean {
  const words = /^(\S+)>(\S+) (\S+) (\S+) (\S+): \S+$/.exec(pattern)?.slice(1) ?? [];
  const own = [call.caller.name, call.server.name, String(call.port), String(call.family), call.kind];
  return words.length === own.length && words.every((word, at) => word === '*' || word === own[at]);
}
