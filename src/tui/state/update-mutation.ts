// Block and throttle: opening the dialog on whatever the cursor is on, editing its fields, and asking the agent.
import { flowId } from '../../core/model/brand.ts';
import type { FlowEvent } from '../../core/model/event.ts';
import { workloadOf } from '../../core/model/workload-key.ts';
import { nameOf } from '../../core/policy/policy-name.ts';
import { mutationRefusal } from './access.ts';
import { withChange } from './changes.ts';
import type { DataView } from './data-view.ts';
import { stillWorking } from './dialog.ts';
import type { MutationDialog, MutationField } from './dialog.ts';
import { cursorFlow } from './flow-cursor.ts';
import { cursorEdge } from './graph-selectors.ts';
import type { Handlers } from './handler.ts';
import { next, withNotice } from './handler.ts';
import { cursorFinding } from './list-cursor.ts';
import { withKey } from './key-hint.ts';
import type { Effect, Next } from './msg.ts';
import type { DraftSource } from './mutation-draft.ts';
import {
  checkField,
  draftFor,
  draftSuffix,
  fieldsOf,
  findingScope,
  initialFields,
  scopesOf,
} from './mutation-draft.ts';
import type { AppState } from './state.ts';
import { textInput } from './text-input.ts';
import { pushDialog, replaceTop, topDialog } from './top-dialog.ts';
import { runningJobs } from './wider-scopes.ts';

type Action = MutationDialog['action'];

/** Most rows looked through for a flow of the chosen edge. */
const searchLimit = 20_000;

function newestOfEdge(state: AppState, data: DataView): FlowEvent | undefined {
  const edge = cursorEdge(state, data);
  if (!edge) return undefined;
  const list = data.flows.list(undefined);
  for (let index = 0; index < Math.min(list.size, searchLimit); index++) {
    const flow = list.at(index);
    if (flow && workloadOf(flow.source) === edge.source && workloadOf(flow.destination) === edge.destination)
      return flow;
  }
  return undefined;
}

/** What the cursor is on, as something to draft from. */
function sourceOf(state: AppState, data: DataView, action: Action): DraftSource | undefined {
  if (state.screen === 'findings') {
    const finding = cursorFinding(state, data);
    const flow = finding?.evidence
      .map((id) => data.flows.byId(flowId(id)))
      .filter((each) => each !== undefined)
      .at(-1);
    return flow && finding && { action, flow, finding, scope: findingScope(finding) };
  }
  const flow = state.screen === 'graph' ? newestOfEdge(state, data) : cursorFlow(state, data);
  const scope = state.screen === 'graph' || !flow?.request ? 'destination' : 'route';
  return flow && { action, flow, finding: undefined, scope };
}

const nothingThere: Readonly<Record<AppState['screen'] | 'noFinding', string>> = {
  noFinding: 'There is no finding to act on.',
  flows: 'No flow under the cursor: nothing to act on.',
  graph:
    'Move the cursor to a caller or a callee first: the policy is for the traffic between two workloads.',
  findings: 'The evidence of this finding is no longer held: act from a flow of this caller instead.',
  policies: 'Block and throttle start from a flow, an edge or a finding, not from a policy.',
};

function nothingHere(state: AppState, data: DataView): string {
  const none = state.screen === 'findings' && !cursorFinding(state, data);
  return nothingThere[none ? 'noFinding' : state.screen];
}

type Started = readonly [AppState, MutationDialog, readonly Effect[]];

/** A new draft is previewed, and in a cluster tried by its API server. */
function startPreview(state: AppState, dialog: Omit<MutationDialog, 'preview' | 'check'>): Started {
  const job = state.nextTag;
  const running = {
    ...{ ...dialog, check: undefined },
    preview: { type: 'running', job, done: 0, total: 0 } as const,
  };
  const [checking, checked, asked] = askCheck({ ...state, nextTag: job + 1 }, running);
  return [
    checking,
    checked,
    [
      {
        type: 'preview.start',
        job,
        change: { type: 'add', policy: dialog.policy },
        focusCaller: workloadOf(dialog.flow.source),
      },
      ...asked,
    ],
  ];
}

/** Asks the API server whether it would take the draft; nobody else can be asked without storing it. */
function askCheck(state: AppState, dialog: MutationDialog): Started {
  if (state.place === undefined) return [state, dialog, []];
  const tag = state.nextTag;
  const operation = { op: 'policy.apply', object: dialog.policy, dryRun: true } as const;
  return [
    { ...state, nextTag: tag + 1 },
    { ...dialog, check: { type: 'asked', tag } },
    [{ type: 'feed.request', tag, operation }],
  ];
}

function openMutation(state: AppState, data: DataView, action: Action): Next<AppState> {
  if (topDialog(state)) return next(state);
  const source = state.screen === 'policies' ? undefined : sourceOf(state, data, action);
  if (!source) return next(withNotice(state, 'warn', nothingHere(state, data)));
  const suffix = draftSuffix(`${source.flow.id} ${action} ${state.nowMs} ${state.nextTag}`);
  const fields = initialFields(state, source);
  const drafted = draftFor(state, source, { fields, suffix });
  if (!drafted.ok)
    return next(
      pushDialog(state, {
        type: 'message',
        level: 'bad',
        title: `${action} is not possible here`,
        text: drafted.message,
        hint: drafted.hint,
      }),
    );
  const [tagged, dialog, effects] = startPreview(state, {
    type: 'mutation',
    ...source,
    suffix,
    fields,
    policy: drafted.policy,
    yaml: drafted.yaml,
    editing: undefined,
    wider: [],
    scroll: 0,
    refusal: undefined,
    sending: undefined,
  });
  return next(pushDialog(tagged, dialog), ...effects);
}

/** Write the policy that would block what the cursor is on to a file: to be reviewed, committed, applied elsewhere. */
export function exportDraft(state: AppState, data: DataView): Next<AppState> {
  const source = state.screen === 'policies' ? undefined : sourceOf(state, data, 'Block');
  if (!source) return next(withNotice(state, 'warn', nothingHere(state, data)));
  const suffix = draftSuffix(`${source.flow.id} export ${state.nowMs}`);
  const drafted = draftFor(state, source, { fields: initialFields(state, source), suffix });
  if (!drafted.ok) return next(withNotice(state, 'bad', drafted.message));
  const text = `${drafted.yaml.join('\n')}\n`;
  return next(state, { type: 'export.write', name: `${drafted.policy.metadata.name}.yaml`, text });
}

/** The dialog with other fields or another scope: drafted anew, previewed anew. */
function redraft(
  state: AppState,
  dialog: MutationDialog,
  change: Partial<Pick<MutationDialog, 'fields' | 'scope' | 'editing'>>,
): Next<AppState> {
  // Another preview: its headline must be in sight.
  const wanted = { ...dialog, ...change, refusal: undefined, wider: [], scroll: 0 };
  const drafted = draftFor(state, wanted, wanted);
  if (!drafted.ok) return next(replaceTop(state, { ...dialog, refusal: drafted.message }));
  const [tagged, fresh, effects] = startPreview(state, {
    ...wanted,
    policy: drafted.policy,
    yaml: drafted.yaml,
  });
  return next(replaceTop(tagged, fresh), ...runningJobs(dialog), ...effects);
}

/** The next scope, narrowest after widest. One that no policy can say is passed over, and said so. */
function widen(state: AppState, dialog: MutationDialog): Next<AppState> {
  const scopes = scopesOf(dialog.flow);
  const at = scopes.indexOf(dialog.scope);
  const following = scopes.map((_, index) => scopes[(at + 1 + index) % scopes.length] ?? dialog.scope);
  let refusal: string | undefined;
  for (const scope of following) {
    const drafted = draftFor(state, { ...dialog, scope }, dialog);
    if (drafted.ok) {
      const [widened, effects] = redraft(state, dialog, { scope });
      const top = topDialog(widened);
      return refusal === undefined || top?.type !== 'mutation'
        ? [widened, effects]
        : [replaceTop(widened, { ...top, refusal }), effects];
    }
    refusal = drafted.message;
  }
  return next(replaceTop(state, { ...dialog, refusal }));
}

/** Why y is refused now, or undefined. */
function applyRefusal(state: AppState, dialog: MutationDialog): string | undefined {
  const refusal = mutationRefusal(state);
  if (refusal !== undefined) return refusal;
  if (dialog.preview.type === 'running') return stillWorking.mutation;
  if (dialog.check?.type === 'asked') return stillWorking.check;
  const { expiresAt } = dialog.policy.spec;
  if (expiresAt !== undefined && Date.parse(expiresAt) <= state.nowMs)
    return `The lifetime has passed while this was open: ${withKey(state, 'edit it', 'dialog.edit')} to start it anew.`;
  return undefined;
}

function apply(state: AppState, dialog: MutationDialog, data: DataView): Next<AppState> {
  if (dialog.sending !== undefined) return next(state);
  const refusal = applyRefusal(state, dialog);
  if (refusal !== undefined) return next(replaceTop(state, { ...dialog, refusal }));
  // What was refused may have been mended since: the answer decides, not the memory of one.
  if (dialog.check?.type === 'refused') {
    const [asking, asked, effects] = askCheck(state, { ...dialog, refusal: undefined });
    return next(replaceTop(asking, asked), ...effects);
  }
  const tag = state.nextTag;
  const { spec } = dialog.policy;
  const name = nameOf(dialog.policy);
  const tally = data.flows.tally(name);
  const asked = withChange(
    { ...replaceTop(state, { ...dialog, refusal: undefined, sending: tag }), nextTag: tag + 1 },
    {
      tag,
      kind: 'apply',
      name,
      action: dialog.action === 'Block' ? 'block' : 'throttle',
      mode: spec.mode === 'Enforce' ? 'enforce' : spec.mode === 'Shadow' ? 'shadow' : 'off',
      askedAtMs: state.nowMs,
      state: 'sent',
      answer: '',
      hitsBefore: spec.mode === 'Shadow' ? (tally?.shadowHits ?? 0) : (tally?.hits ?? 0),
    },
  );
  return next(asked, {
    type: 'feed.request',
    tag,
    operation: { op: 'policy.apply', object: dialog.policy },
  });
}

/** Begin editing a field of the dialog. */
function edit(state: AppState, dialog: MutationDialog, field: MutationField): Next<AppState> {
  if (dialog.sending !== undefined) return next(state);
  const editing = { field, input: textInput(dialog.fields[field]), error: undefined };
  return next(replaceTop(state, { ...dialog, editing, refusal: undefined }));
}

/** Take over the text of the edited field; go on to `then` when it is right. */
function accept(state: AppState, dialog: MutationDialog, then: MutationField | undefined): Next<AppState> {
  const { editing } = dialog;
  if (!editing) return then === undefined ? next(state) : edit(state, dialog, then);
  const checked = checkField(editing.field, editing.input.text);
  if (!checked.ok)
    return next(replaceTop(state, { ...dialog, editing: { ...editing, error: checked.message } }));
  const fields = { ...dialog.fields, [editing.field]: checked.value };
  const following =
    then === undefined ? undefined : { field: then, input: textInput(fields[then]), error: undefined };
  if (checked.value === dialog.fields[editing.field])
    return next(replaceTop(state, { ...dialog, editing: following }));
  return redraft(state, dialog, { fields, editing: following });
}

function neighbour(dialog: MutationDialog, by: number): MutationField {
  const fields = fieldsOf(dialog.action);
  const at = dialog.editing ? fields.indexOf(dialog.editing.field) : by > 0 ? -1 : 0;
  return fields[(at + by + fields.length) % fields.length] ?? 'mode';
}

const inDialog =
  (act: (state: AppState, dialog: MutationDialog, data: DataView) => Next<AppState>) =>
  (state: AppState, data: DataView): Next<AppState> => {
    const dialog = topDialog(state);
    return dialog?.type === 'mutation' ? act(state, dialog, data) : next(state);
  };

/** The keys that draft a block or a throttle, and those of its dialog. */
export const mutationHandlers = {
  'flow.block': (state, data) => openMutation(state, data, 'Block'),
  'flow.throttle': (state, data) => openMutation(state, data, 'Throttle'),
  'dialog.edit': inDialog((state, dialog) => edit(state, dialog, fieldsOf(dialog.action)[0] ?? 'mode')),
  'dialog.nextField': inDialog((state, dialog) => accept(state, dialog, neighbour(dialog, 1))),
  'dialog.previousField': inDialog((state, dialog) => accept(state, dialog, neighbour(dialog, -1))),
  'dialog.shadow': inDialog((state, dialog) =>
    dialog.sending === undefined
      ? redraft(state, dialog, {
          fields: { ...dialog.fields, mode: dialog.fields.mode === 'Shadow' ? 'Enforce' : 'Shadow' },
        })
      : next(state),
  ),
  'dialog.scope': inDialog((state, dialog) =>
    dialog.sending === undefined ? widen(state, dialog) : next(state),
  ),
  'field.accept': inDialog((state, dialog) => accept(state, dialog, undefined)),
  'field.cancel': inDialog((state, dialog) => next(replaceTop(state, { ...dialog, editing: undefined }))),
} satisfies Handlers;

/** y in the mutation dialog. */
export const applyMutation = inDialog(apply);
