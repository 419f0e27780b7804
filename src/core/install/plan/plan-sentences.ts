// A plan as lines for a person: what is done per stage, field by field where something changes, and the sum first.
import { assertNever } from '../../model/assert-never.ts';
import { objectName, type Json } from '../kube-object.ts';
import type { FieldChange } from './diff-object.ts';
import { allChanges, type Change, type InstallPlan } from './install-plan.ts';

/** Characters of a value that a line repeats. */
const shownChars = 80;

function shown(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const characters = Array.from(text);
  return characters.length <= shownChars ? text : `${characters.slice(0, shownChars).join('')}…`;
}

const fieldLine = ({ path, before, after }: FieldChange): string =>
  `    ${path}: ${shown(before)} → ${shown(after)}`;

/** Lines of one change; nothing of what stays. */
function changeLines(change: Change): readonly string[] {
  const name = objectName(change.object);
  switch (change.type) {
    case 'created':
      return [`  + ${name}`];
    case 'changed':
      return [`  ~ ${name}`, ...change.fields.map(fieldLine)];
    case 'removed':
      return [`  - ${name}`];
    case 'blocked':
      return [`  ! ${change.sentence}`];
    case 'unchanged':
      return [];
    default:
      return assertNever(change);
  }
}

const words: readonly (readonly [Change['type'], string])[] = [
  ['created', 'to create'],
  ['changed', 'to change'],
  ['removed', 'to remove'],
  ['unchanged', 'as they should be'],
  ['blocked', 'in the way'],
];

/** `31 to create, 2 as they should be`. */
export function planSum(plan: InstallPlan): string {
  const changes = allChanges(plan);
  return words
    .map(([type, text]) => ({ text, count: changes.filter((change) => change.type === type).length }))
    .filter(({ count }) => count > 0)
    .map(({ text, count }) => `${count} ${text}`)
    .join(', ');
}

function section(title: string, changes: readonly Change[]): readonly string[] {
  const lines = changes.flatMap(changeLines);
  return lines.length === 0 ? [] : [`${title}:`, ...lines];
}

/** The whole plan; one line when there is nothing to do. */
export function planLines(plan: InstallPlan): readonly string[] {
  const lines = [
    ...plan.stages.flatMap(({ title, changes }) => section(title, changes)),
    ...section('not wanted any more', plan.removals),
  ];
  const sum = `${planSum(plan)}.`;
  return lines.length === 0 ? [`Nothing to do: ${sum}`] : [sum, ...lines];
}
