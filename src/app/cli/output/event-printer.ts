// `-o table|json|ndjson`: one printer for every verb that shows events.
import type { ApiEvent } from '../../../core/model/event.ts';
import { assertNever } from '../../../core/model/assert-never.ts';
import { tableHeader, tableLine } from './event-table.ts';
import type { LineWriter } from './writer.ts';

/** Words that `-o` takes. */
export const outputFormats = ['table', 'json', 'ndjson'] as const;
/** One of `outputFormats`. */
export type OutputFormat = (typeof outputFormats)[number];

/** Prints events in one format, in the order they are given. */
export interface EventPrinter {
  print(event: ApiEvent): void;
  /** Closes the JSON array; nothing for the other formats. */
  end(): void;
}

/** @param kind which columns the table's header names. */
export function createEventPrinter(
  format: OutputFormat,
  kind: 'flow' | 'finding' | 'policy',
  writer: LineWriter,
): EventPrinter {
  let printed = 0;
  switch (format) {
    case 'ndjson':
      return { print: (event) => writer.line(JSON.stringify(event)), end: () => undefined };
    case 'json':
      return {
        print: (event) => {
          writer.line(`${printed === 0 ? '[' : ','}${JSON.stringify(event)}`);
          printed += 1;
        },
        end: () => writer.line(printed === 0 ? '[]' : ']'),
      };
    case 'table':
      return {
        print: (event) => {
          if (printed === 0) writer.line(tableHeader(kind));
          printed += 1;
          writer.line(tableLine(event));
        },
        end: () => undefined,
      };
    default:
      return assertNever(format);
  }
}
