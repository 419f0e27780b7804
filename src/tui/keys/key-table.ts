// The one table of keys: what each does, where, and how it is told in help and footer. Data only; `keymap.ts` looks keys up.
import type { KeyContext } from '../state/key-context.ts';
import type { Intent } from '../state/msg.ts';

/** One meaning of some keys in some places. */
export interface KeyRow {
  /** Name for remapping, unique. */
  readonly id: string;
  /** Key names as in `key-name.ts`; the first is the one shown. */
  readonly keys: readonly string[];
  readonly intent: Intent;
  /** One or two words for the footer. */
  readonly label: string;
  /** A phrase for help and palette. */
  readonly description: string;
  readonly contexts: readonly KeyContext[];
  /** It changes what the agent enforces at once: not bound when read-only or locked. Drafting and previewing are harmless. */
  readonly dangerous: boolean;
  /** Place in the footer, lowest first; 0 keeps it out. */
  readonly footer: number;
  /** Bound in every context, also while typing. */
  readonly everywhere: boolean;
}

/** id, keys, intent, label, description, footer place. */
type Short = readonly [string, string, Intent, string, string, number?];

const plain = (contexts: readonly KeyContext[], shorts: readonly Short[]): readonly KeyRow[] =>
  shorts.map(([id, keys, intent, label, description, footer = 0]) => ({
    id,
    keys: keys.split(' '),
    intent,
    label,
    description,
    contexts,
    dangerous: false,
    footer,
    everywhere: false,
  }));

const dangerous = (contexts: readonly KeyContext[], shorts: readonly Short[]): readonly KeyRow[] =>
  plain(contexts, shorts).map((each) => ({ ...each, dangerous: true }));

const everywhere = (shorts: readonly Short[]): readonly KeyRow[] =>
  plain(['global'], shorts).map((each) => ({ ...each, everywhere: true }));

const scrolling: readonly KeyContext[] = ['global', 'mutation', 'text', 'help'];

/** Every key there is, before a person's own. Of two rows with one key the more specific context wins. */
export const keyTable: readonly KeyRow[] = [
  ...plain(
    ['flows', 'graph', 'findings', 'detail'],
    [
      [
        'flow.block',
        'B',
        'flow.block',
        'block',
        'Block this caller: shows the policy and its effect before anything is done',
        4,
      ],
      [
        'flow.throttle',
        'T',
        'flow.throttle',
        'throttle',
        'Throttle this caller: shows the policy and its effect before anything is done',
        5,
      ],
    ],
  ),
  ...plain(
    ['policies'],
    [
      [
        'policy.remove',
        'D',
        'policy.remove',
        'remove',
        'Remove this policy, after showing what it would let through',
        5,
      ],
    ],
  ),
  ...plain(
    ['global'],
    [
      [
        'policy.undo',
        'u',
        'policy.undo',
        'undo',
        'Undo the newest policy change, after showing what that would change',
        7,
      ],
    ],
  ),
  ...plain(
    ['flows'],
    [
      ['flows.columnsLeft', 'left h', 'move.columnsLeft', 'columns', 'Show columns further left'],
      ['flows.columnsRight', 'right l', 'move.columnsRight', 'columns', 'Show columns further right'],
      [
        'flows.pause',
        'space',
        'view.pause',
        'pause',
        'Hold the view still, or let it run again (nothing is lost)',
        1,
      ],
      ['flows.follow', 'f', 'view.follow', 'follow', 'Follow the newest flow'],
      [
        'flows.nextNotable',
        'n',
        'flow.nextNotable',
        'next bad',
        'Down to the next flow that was refused, broken or failed',
      ],
      [
        'flows.previousNotable',
        'N',
        'flow.previousNotable',
        'bad before',
        'Up to the next flow that was refused, broken or failed',
      ],
      ['flows.selection', 'w', 'filter.selection', 'who', 'Filter to this caller and destination'],
    ],
  ),
  ...plain(
    ['flows', 'detail'],
    [
      [
        'flow.export',
        'X',
        'flow.export',
        'export',
        'Write the policy that would block this caller to a YAML file, applying nothing',
      ],
    ],
  ),
  ...plain(
    ['text'],
    [['text.export', 'X', 'flow.export', 'export', 'Write this text to a file in the working directory', 2]],
  ),
  ...plain(
    ['findings'],
    [['findings.evidence', 'e', 'finding.evidence', 'evidence', 'Show the flows behind this finding', 3]],
  ),
  ...plain(['policies'], [['policies.yaml', 'y', 'policy.yaml', 'YAML', 'Show this policy as YAML', 3]]),
  ...plain(
    ['flows', 'findings', 'policies'],
    [
      ['list.sort', 's', 'view.sort', 'sort', 'Sort by the next column; its head is marked'],
      ['list.reverse', 'S', 'view.reverse', 'reverse', 'Reverse the order'],
    ],
  ),
  ...plain(
    ['graph'],
    [
      ['graph.cycle', 'v', 'view.cycle', 'view', 'Next view: neighbours, list, matrix', 3],
      ['graph.selection', 'w', 'filter.selection', 'flows', 'Filter to the flows of this edge'],
    ],
  ),
  ...plain(
    ['axis'],
    [
      ['axis.back', 'left h', 'replay.back', 'back', 'A fiftieth of the recording back'],
      ['axis.forward', 'right l', 'replay.forward', 'forward', 'A fiftieth of the recording on'],
      ['axis.start', 'home g', 'replay.start', 'start', 'To the beginning'],
      ['axis.end', 'end G', 'replay.end', 'end', 'To the end'],
    ],
  ),
  ...plain(
    ['replay'],
    [
      ['replay.pause', 'space', 'replay.pause', 'play', 'Stop or continue the replay', 1],
      ['replay.back', '[ ,', 'replay.back', 'back', 'Back in the recording', 1],
      ['replay.forward', '] .', 'replay.forward', 'on', 'Forward in the recording', 1],
      ['replay.slower', '<', 'replay.slower', 'slower', 'Next slower speed', 1],
      ['replay.faster', '>', 'replay.faster', 'faster', 'Next faster speed', 1],
      ['replay.start', '{', 'replay.start', 'start', 'To the beginning of the recording'],
      ['replay.end', '}', 'replay.end', 'end', 'To the end of the recording'],
      [
        'replay.nextFinding',
        '! n',
        'replay.nextFinding',
        'finding',
        'To the next finding in the recording',
        1,
      ],
    ],
  ),
  ...plain(scrolling, [
    ['move.down', 'j down', 'move.down', 'down', 'Down'],
    ['move.up', 'k up', 'move.up', 'up', 'Up'],
    ['move.top', 'g home', 'move.top', 'top', 'To the top'],
    ['move.bottom', 'G end', 'move.bottom', 'bottom', 'To the bottom'],
    ['move.halfDown', 'ctrl-d', 'move.halfDown', 'half page', 'Half a page down'],
    ['move.halfUp', 'ctrl-u', 'move.halfUp', 'half page', 'Half a page up'],
    ['move.pageDown', 'pagedown', 'move.pageDown', 'page', 'A page down'],
    ['move.pageUp', 'pageup', 'move.pageUp', 'page', 'A page up'],
  ]),
  ...plain(
    ['global'],
    [
      ['move.left', 'h left', 'move.left', 'left', 'Left'],
      ['move.right', 'l right', 'move.right', 'right', 'Right'],
      [
        'filter.edit',
        '/',
        'filter.edit',
        'filter',
        'Filter: from:cart to:pay* status>=500 path:~regex "words" and or not ( )',
        1,
      ],
      ['filter.clear', '\\', 'filter.clear', 'no filter', 'Drop the filter'],
      ['item.open', 'enter', 'item.open', 'open', 'Open what is selected', 3],
      ['item.close', 'esc q', 'item.close', 'back', 'Close the topmost thing; never quits'],
      ['screen.flows', '1', 'screen.flows', 'flows', 'Flows'],
      ['screen.graph', '2', 'screen.graph', 'graph', 'Graph: who calls whom'],
      ['screen.findings', '3', 'screen.findings', 'findings', 'Findings'],
      ['screen.policies', '4', 'screen.policies', 'policies', 'Policies'],
      ['screen.next', 'ctrl-n', 'screen.next', 'next', 'Next screen'],
      ['screen.previous', 'ctrl-p', 'screen.previous', 'previous', 'Previous screen'],
      ['pane.next', 'tab', 'pane.next', 'pane', 'Next pane'],
      ['pane.previous', 'shift-tab', 'pane.previous', 'pane', 'Previous pane'],
      ['pane.zoom', 'z', 'pane.zoom', 'zoom', 'Let this pane fill the screen, or not'],
      ['app.palette', ':', 'app.palette', 'palette', 'Find a command, service or policy by name', 2],
      ['app.help', '?', 'app.help', 'help', 'These keys', 20],
      ['app.lock', 'L', 'app.lock', 'lock', 'Lock or unlock every key that changes policies'],
      [
        'app.restart',
        'ctrl-r',
        'app.restart',
        'try again',
        'Begin anew, where the other side is gone for good',
        1,
      ],
    ],
  ),
  ...plain(
    ['prompt'],
    [
      ['prompt.accept', 'enter', 'filter.accept', 'use', 'Use this filter', 1],
      ['prompt.cancel', 'esc', 'filter.cancel', 'cancel', 'Back to the filter before', 2],
      ['prompt.complete', 'tab', 'filter.complete', 'complete', 'Complete the field or value', 3],
    ],
  ),
  ...dangerous(
    ['mutation'],
    [['mutation.apply', 'y', 'dialog.apply', 'apply', 'Do exactly what is shown', 1]],
  ),
  ...plain(
    ['mutation'],
    [
      [
        'mutation.shadow',
        's',
        'dialog.shadow',
        'shadow first',
        'Only report what it would do, or enforce again',
        3,
      ],
    ],
  ),
  ...plain(
    ['mutation'],
    [
      ['mutation.edit', 'e enter', 'dialog.edit', 'edit', 'Edit mode, lifetime, reason or rate', 2],
      [
        'mutation.scope',
        'w',
        'dialog.scope',
        'scope',
        'This route, all asked of this destination, or all this caller asks',
        4,
      ],
      ['mutation.nextField', 'tab', 'dialog.nextField', 'field', 'Next field'],
      ['mutation.previousField', 'shift-tab', 'dialog.previousField', 'field', 'Previous field'],
      ['mutation.palette', ':', 'app.palette', 'palette', 'Find a command or a context by name'],
      ['mutation.export', 'X', 'flow.export', 'export', 'Write this policy to a YAML file', 5],
      ['mutation.close', 'esc q', 'dialog.close', 'leave', 'Leave without doing anything', 6],
    ],
  ),
  ...plain(
    ['field'],
    [
      ['field.accept', 'enter', 'field.accept', 'take', 'Take this value', 1],
      ['field.cancel', 'esc', 'field.cancel', 'cancel', 'Keep the value before', 2],
      ['field.next', 'tab', 'dialog.nextField', 'next field', 'Take it and edit the next field', 3],
      ['field.previous', 'shift-tab', 'dialog.previousField', 'field', 'Take it and edit the field before'],
    ],
  ),
  ...dangerous(['confirm'], [['confirm.apply', 'y', 'dialog.apply', 'yes', 'Do it', 1]]),
  ...plain(
    ['confirm'],
    [['confirm.close', 'esc q n', 'dialog.close', 'leave', 'Leave without doing anything', 2]],
  ),
  ...plain(['text', 'help', 'message'], [['read.close', 'esc q enter', 'dialog.close', 'close', 'Close', 1]]),
  ...plain(
    ['palette'],
    [
      ['palette.run', 'enter', 'item.open', 'run', 'Run the marked line', 1],
      ['palette.down', 'down ctrl-n', 'move.down', 'down', 'Next line'],
      ['palette.up', 'up ctrl-p', 'move.up', 'up', 'Previous line'],
      ['palette.close', 'esc', 'dialog.close', 'leave', 'Leave', 2],
    ],
  ),
  ...everywhere([
    ['app.quit', 'Q ctrl-c', 'app.quit', 'quit', 'Quit; the terminal is left as it was', 21],
    ['app.redraw', 'ctrl-l', 'app.redraw', 'redraw', 'Paint the whole screen again'],
    ['app.suspend', 'ctrl-z', 'app.suspend', 'suspend', 'Back to the shell; fg returns'],
  ]),
];
