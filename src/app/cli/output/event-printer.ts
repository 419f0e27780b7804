// `-o table|json|ndjson`: one printer for every verb that shows events.
import type { ApiEvent, PolicyEvent } from '../../../core/model/event.ts';
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
  /** What is not printed, but tells of policies that printed flows name. */
  learn(event: ApiEvent): void;
  /** Closes the JSON array; nothing for the other formats. */
  end(): void;
}

/** Remembers which policies are in force: flows are told by it. */
function tablePrinter(kind: 'flow' | 'finding' | 'policy', writer: LineWriter): EventPrinter {
  const states = new Map<string, PolicyEvent['state']>();
  let isBegun = false;
  const learn = (event: ApiEvent): void => {
    if (event.type === 'policy') states.set(event.name, event.state);
  };
  return {
    print(event) {
      learn(event);
      if (!isBegun) writer.line(tableHeader(kind));
      isBegun = true;
      writer.line(tableLine(event, (policy) => states.get(policy)));
    },
    learn,
    end: () => undefined,
  };
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
      return {
        print: (event) => writer.line(JSON.stringify(event)),
        learn: () => undefined,
        end: () => undefined,
      };
    case 'json':
      return {
        print: (event) => {
          writer.line(`${printed === 0 ? '[' : ','}${JSON.stringify(event)}`);
          printed += 1;
        },
        learn: () => undefined,
        end: () => writer.line(printed === 0 ? '[]' : ']'),
      };
    case 'table':
      return tablePrinter(kind, writer);
    default:
      return assertNever(format);
  }
}
