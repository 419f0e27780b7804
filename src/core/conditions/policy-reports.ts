// What each node's agent said last of each policy object, by UID and generation: what conditions are made of. Knows no feed and no object.
import type { PolicyEvent } from '../model/event.ts';
import type { NodeReport } from './policy-conditions.ts';

/** Reports by policy. */
export interface PolicyReports {
  /** An agent's event. True when it may change a condition: a mere count does not. */
  take(node: string, event: PolicyEvent): boolean;
  setSilent(node: string, isSilent: boolean): void;
  /** The node's agent started anew, or is no more: it has said nothing. */
  forget(node: string): void;
  /** Of this very object; another one of its name is another policy. */
  reportsOf(name: string, uid: string): readonly NodeReport[];
}

interface Said {
  readonly uid: string | undefined;
  readonly report: Omit<NodeReport, 'isSilent' | 'node'>;
  readonly text: string;
}

/** Nothing was said. An event without a generation says nothing that a condition could rest on. */
export function createPolicyReports(): PolicyReports {
  const policies = new Map<string, Map<string, Said>>();
  const silent = new Set<string>();
  const drop = (name: string, node: string): boolean => {
    const said = policies.get(name);
    const isNews = said?.delete(node) ?? false;
    if (said?.size === 0) policies.delete(name);
    return isNews;
  };
  return {
    take(node, { name, state, enforcement, error, uid, generation }) {
      if (state === 'removed' || generation === undefined) return drop(name, node);
      const event = { state, ...(enforcement && { enforcement }), ...(error && { error }) };
      const text = JSON.stringify([uid, generation, event]);
      const said = policies.get(name) ?? new Map<string, Said>();
      policies.set(name, said);
      if (said.get(node)?.text === text) return false;
      said.set(node, { uid, report: { generation, event }, text });
      return true;
    },
    setSilent(node, isSilent) {
      if (isSilent) silent.add(node);
      else silent.delete(node);
    },
    forget(node) {
      silent.delete(node);
      for (const name of [...policies.keys()]) drop(name, node);
    },
    reportsOf: (name, uid) =>
      [...(policies.get(name) ?? [])].flatMap(([node, said]) =>
        said.uid === undefined || said.uid === uid
          ? [{ node, ...said.report, isSilent: silent.has(node) }]
          : [],
      ),
  };
}
