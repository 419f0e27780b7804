// The filter prompt: each key parses, valid text takes effect at once, invalid text keeps the last valid filter and says why.
import { completeFilter } from '../../core/filter/complete-filter.ts';
import type { FilterField } from '../../core/filter/filter.ts';
import { parseFilter } from '../../core/filter/parse-filter.ts';
import type { DataView } from './data-view.ts';
import { cursorFlow } from './flow-cursor.ts';
import type { Handlers } from './handler.ts';
import { next, withNotice } from './handler.ts';
import { cursorEdge, egoOf } from './graph-selectors.ts';
import { cursorFinding, cursorPolicy } from './list-cursor.ts';
import type { Next } from './msg.ts';
import type { AppState, FilterPrompt } from './state.ts';
import type { TextInput } from './text-input.ts';
import { textInput } from './text-input.ts';

function withPrompt(state: AppState, prompt: FilterPrompt | undefined): AppState {
  return { ...state, filter: { ...state.filter, prompt } };
}

/** Put a filter in force; text that is none is refused with its reason. The cursor goes back to the newest row. */
export function applyFilter(state: AppState, text: string): Next<AppState> {
  const parsed = parseFilter(text);
  if (!parsed.ok) return next(withNotice(state, 'bad', `Not a filter: ${parsed.message}`));
  if (text.trim() === state.filter.text) return next(state);
  return next(
    {
      ...state,
      filter: { ...state.filter, text: text.trim(), node: parsed.node },
      flows: { ...state.flows, selected: undefined, row: 0 },
    },
    { type: 'store.filter', node: parsed.node },
  );
}

/** Names seen in the data, for completion. */
function knownValues(data: DataView): (field: FilterField) => readonly string[] {
  const names = (): readonly string[] => data.flows.services.map((service) => service.endpoint.workload);
  const known: Partial<Record<FilterField, () => readonly string[]>> = {
    from: names,
    to: names,
    ns: () => data.flows.services.map((service) => service.endpoint.namespace),
    policy: () => data.policies.list.map((policy) => policy.name.slice(policy.name.indexOf('/') + 1)),
  };
  return (field) => known[field]?.() ?? [];
}

/** Proposals named one by one; there are at most twenty. */
const offersNamed = 10;

/** What could stand at the cursor: one proposal with what it means, several by name. */
function offersAt({ text, cursor }: TextInput, data: DataView): string | undefined {
  const proposals = completeFilter(text, cursor, knownValues(data)).filter(
    ({ insert, start, end }) => insert.trimEnd() !== text.slice(start, end),
  );
  const [first, ...others] = proposals;
  if (!first) return undefined;
  if (others.length === 0) return `tab completes ${first.label}: ${first.hint}`;
  const named = proposals.slice(0, offersNamed).map(({ label }) => label);
  return `tab completes ${named.join(', ')}${proposals.length > offersNamed ? ' …' : ''}`;
}

/** The prompt's text has changed. */
export function promptChanged(state: AppState, data: DataView, input: TextInput): Next<AppState> {
  const { prompt } = state.filter;
  if (!prompt) return next(state);
  const parsed = parseFilter(input.text);
  const changed = { ...prompt, input, offers: offersAt(input, data) };
  if (!parsed.ok) {
    const { message, start, end } = parsed;
    return next(withPrompt(state, { ...changed, error: { message, start, end } }));
  }
  return applyFilter(withPrompt(state, { ...changed, error: undefined }), input.text);
}

function complete(state: AppState, data: DataView): Next<AppState> {
  const { prompt } = state.filter;
  if (!prompt) return next(state);
  const { text, cursor } = prompt.input;
  const [first] = completeFilter(text, cursor, knownValues(data));
  if (!first) return next(state);
  const before = text.slice(0, first.start) + first.insert;
  return promptChanged(state, data, { text: before + text.slice(first.end), cursor: before.length });
}

/** A workload's name as a filter value. */
const named = (name: string): string =>
  /[\s(),"\\]/.test(name) ? `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : name;

function selectionFilter(state: AppState, data: DataView): string | undefined {
  const pair = (from: string, to: string | undefined): string =>
    to === undefined ? `from:${named(from)}` : `from:${named(from)} to:${named(to)}`;
  if (state.screen === 'flows') {
    const flow = cursorFlow(state, data);
    return flow && pair(flow.source.workload, flow.destination.workload);
  }
  if (state.screen === 'findings') {
    const finding = cursorFinding(state, data);
    return finding && pair(finding.source.workload, finding.destination?.workload);
  }
  if (state.screen === 'policies') {
    const policy = cursorPolicy(state, data);
    return policy && `policy:${named(policy.name)}`;
  }
  const edge = cursorEdge(state, data);
  if (edge) return pair(edge.from.workload, edge.to.workload);
  const focus = egoOf(state, data)?.focus.endpoint.workload;
  return focus === undefined ? undefined : `(from:${named(focus)} or to:${named(focus)})`;
}

/** Show the flows of a filter. */
export function showFlows(state: AppState, text: string): Next<AppState> {
  return applyFilter({ ...state, screen: 'flows', focus: 'list', zoomed: false }, text);
}

function cancel(state: AppState): Next<AppState> {
  const { prompt } = state.filter;
  return prompt ? applyFilter(withPrompt(state, undefined), prompt.previous) : next(state);
}

/** The keys of the filter and of its prompt. */
export const filterHandlers = {
  'filter.edit': (state, data) => {
    const { text: previous } = state.filter;
    // What is typed next is a term of its own, not more of the last value.
    const input = textInput(previous === '' ? '' : `${previous} `);
    const prompt = { input, error: undefined, previous, offers: offersAt(input, data) };
    return next({ ...withPrompt(state, prompt), screen: 'flows', focus: 'list' });
  },
  'filter.accept': (state) => {
    const { prompt } = state.filter;
    // The line above the prompt says what is wrong for as long as it is.
    return prompt?.error ? next(state) : next(withPrompt(state, undefined));
  },
  'filter.cancel': cancel,
  'filter.clear': (state) => applyFilter(withPrompt(state, undefined), ''),
  'filter.complete': complete,
  'filter.selection': (state, data) => {
    const text = selectionFilter(state, data);
    return text === undefined ? next(state) : showFlows(state, text);
  },
} satisfies Handlers;
