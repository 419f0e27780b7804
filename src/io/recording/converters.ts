// Brings lines of older recordings up to the current format: a table `version -> converter`, applied in a loop. Pure.
import { AppError } from '../../core/model/app-error.ts';
import { recordingVersion } from './recording-format.ts';

/** One line of a recording as parsed JSON. */
export type RecordedLine = Readonly<Record<string, unknown>>;
/** From the version of its row to the next one. */
export type Converter = (line: RecordedLine) => RecordedLine;
/** Converters by the version they lead on from. */
export type ConverterTable = ReadonlyMap<number, Converter>;

/** Version 1 wrote a status of 0 where none was read; since then it is absent. */
function dropUnreadStatus(line: RecordedLine): RecordedLine {
  const { type, response } = line;
  if (type !== 'flow' || typeof response !== 'object' || response === null) return line;
  if (!('status' in response) || response.status !== 0) return line;
  const answer: Record<string, unknown> = { ...response };
  delete answer['status'];
  return { ...line, response: answer };
}

/** By the version they lead on from; a change of format adds a row and a small old recording to the tests. */
export const converters: ConverterTable = new Map([[1, dropUnreadStatus]]);

interface Conversions {
  readonly table: ConverterTable;
  /** The version to arrive at. */
  readonly current: number;
}

const ours: Conversions = { table: converters, current: recordingVersion };

/**
 * Chooses what to apply to each line of a file of `version`.
 * @throws AppError for a newer version, or an older one that no row leads on from.
 */
export function converterFor(
  version: number,
  path: string,
  { table, current }: Conversions = ours,
): Converter {
  if (version > current)
    throw new AppError({
      code: 'RECORDING_TOO_NEW',
      family: 'data',
      message: `${path} was written in recording format ${version}, and this program reads up to format ${current}.`,
      hint: 'Update this program.',
    });
  const steps: Converter[] = [];
  for (let at = version; at < current; at += 1) {
    const step = table.get(at);
    if (step === undefined)
      throw new AppError({
        code: 'RECORDING_TOO_OLD',
        family: 'data',
        message: `${path} was written in recording format ${version}, which this program (format ${current}) no longer reads.`,
        hint: 'Open it with an older release.',
      });
    steps.push(step);
  }
  return (line) => steps.reduce((value, step) => step(value), line);
}
