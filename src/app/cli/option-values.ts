// Reads option values with their sentences for bad ones. Knows no verb.
import { AppError } from '../../core/model/app-error.ts';
import { compileFilter } from '../../core/filter/compile-filter.ts';
import type { FilterNode } from '../../core/filter/filter.ts';
import { parseFilter } from '../../core/filter/parse-filter.ts';
import type { FlowEvent } from '../../core/model/event.ts';
import { parseDuration } from './duration.ts';
import { outputFormats, type OutputFormat } from './output/event-printer.ts';
import type { OptionValues } from './verbs.ts';

/** The option's text; undefined when it was not given. */
export function textOption(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** True when the flag was given. */
export const flagOption = (options: OptionValues, name: string): boolean => options[name] === true;

/** Milliseconds; undefined when not given. */
export function durationOption(options: OptionValues, name: string): number | undefined {
  const text = textOption(options, name);
  return text === undefined ? undefined : parseDuration(text, `--${name}`);
}

/** A number between `min` and `max`; undefined when not given. */
export function numberOption(
  options: OptionValues,
  name: string,
  { min, max, whole = true }: { readonly min: number; readonly max: number; readonly whole?: boolean },
): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw new AppError({
    code: 'NUMBER',
    family: 'usage',
    message: `--${name} "${text}" is not a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`,
    hint: `Write --${name} ${min}, for example.`,
  });
}

/** The chosen output format. */
export function outputOption(options: OptionValues): OutputFormat {
  const text = textOption(options, 'output');
  return outputFormats.find((format) => format === text) ?? 'table';
}

/** Characters of a wrong part of a filter that its error repeats: enough to find it. */
const quotedChars = 60;

function quoted(part: string): string {
  const characters = Array.from(part);
  return characters.length <= quotedChars ? part : `${characters.slice(0, quotedChars).join('')}…`;
}

/** The filter's tree from its words. @throws AppError naming the part at fault. */
export function filterWords(words: readonly string[]): FilterNode | undefined {
  const text = words.join(' ');
  const parsed = parseFilter(text);
  if (parsed.ok) return parsed.node;
  const part = text.slice(parsed.start, parsed.end);
  throw new AppError({
    code: parsed.code,
    family: 'usage',
    message: part === '' ? parsed.message : `${parsed.message} (at "${quoted(part)}")`,
    hint: "Fields: from, to, ns, method, path, route, host, status, lat, verdict, policy, header …, as in 'from:cart status>=500'.",
  });
}

/** A test of flows from the filter's words; everything when there are none. */
export function filterOf(words: readonly string[]): (flow: FlowEvent) => boolean {
  const node = filterWords(words);
  return node === undefined ? () => true : compileFilter(node);
}
