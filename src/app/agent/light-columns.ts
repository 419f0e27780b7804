// Light flows of the event window in columns: as objects they would all outlive the young generation, and copying them there
// costs the collector more than making them. What they share (endpoints, headers, verdict, words) is held by reference.
import { createClockText } from '../../core/inspect/flow-event-time.ts';
import { traceInts } from '../../core/inspect/flow-event-trace.ts';
import type { ConnectionWords } from '../../core/inspect/flow-event-connection.ts';
import { lightEventOf, newLightFlow, type LightFlow } from '../../core/inspect/light-flow.ts';
import type { HeadWords, TargetWords } from '../../core/inspect/light-words.ts';
import type { Endpoint, FlowEvent, Verdict } from '../../core/model/event.ts';
import { createLightCharge } from './light-charge.ts';

/** The light flows at the places of a ring. */
export interface LightColumns {
  /** Keeps a copy at `place`, which must be empty. Returns by how many bytes what is held grew. */
  put(place: number, flow: LightFlow): number;
  /** The event of the flow at `place`, made anew; undefined when there is none. */
  get(place: number): FlowEvent | undefined;
  /** Empties `place`. Returns by how many bytes what is held shrank; 0 when it was empty. */
  drop(place: number): number;
}

/** Numbers per flow, in this order: start, latency, time to the first byte, bytes of the request, bytes of the answer. */
const numbersPerFlow = 5;
/** Integers per flow: sequence, protocol, status. */
const intsPerFlow = 3;

interface Columns {
  readonly numbers: Float64Array;
  readonly ints: Int32Array;
  readonly traces: Int32Array;
  /** Undefined where there is no flow. */
  readonly connection: (ConnectionWords | undefined)[];
  readonly destination: Endpoint[];
  readonly verdict: Verdict[];
  readonly method: string[];
  readonly host: (string | undefined)[];
  readonly target: (TargetWords | undefined)[];
  readonly query: (string | undefined)[];
  readonly head: (HeadWords | undefined)[];
}

/** Bytes of one place in all columns. */
export const bytesPerPlace = 8 * numbersPerFlow + 4 * intsPerFlow + 4 * traceInts + 8 * 8;

function createColumns(places: number): Columns {
  return {
    numbers: new Float64Array(places * numbersPerFlow),
    ints: new Int32Array(places * intsPerFlow),
    traces: new Int32Array(places * traceInts),
    connection: new Array<ConnectionWords | undefined>(places),
    destination: new Array<Endpoint>(places),
    verdict: new Array<Verdict>(places),
    method: new Array<string>(places),
    host: new Array<string | undefined>(places),
    target: new Array<TargetWords | undefined>(places),
    query: new Array<string | undefined>(places),
    head: new Array<HeadWords | undefined>(places),
  };
}

/** Columns for `places` flows, `bytesPerPlace` each, made (and charged to the first flow) when the first one comes. */
export function createLightColumns(places: number): LightColumns {
  let columns: Columns | undefined;
  let copy: LightFlow | undefined;
  const clock = createClockText();
  const charge = createLightCharge();
  return {
    put(place, flow) {
      const standing = columns === undefined ? places * bytesPerPlace : 0;
      columns ??= createColumns(places);
      putNumbers(columns, place, flow);
      putWords(columns, place, flow);
      return standing + charge.add(flow);
    },
    get(place) {
      if (columns === undefined) return undefined;
      const found = (copy = copyAt(columns, place, copy));
      return found && lightEventOf(found, clock);
    },
    drop(place) {
      const connection = columns?.connection[place];
      if (!columns || !connection) return 0;
      const freed = charge.remove(connection, columns, place);
      forget(columns, place);
      return freed;
    },
  };
}

function putNumbers({ numbers, ints, traces }: Columns, place: number, flow: LightFlow): void {
  const at = place * numbersPerFlow;
  numbers[at] = flow.startedMs;
  numbers[at + 1] = flow.latencyMs;
  numbers[at + 2] = flow.firstByteMs;
  numbers[at + 3] = flow.requestBytes;
  numbers[at + 4] = flow.responseBytes;
  const int = place * intsPerFlow;
  ints[int] = flow.sequence;
  ints[int + 1] = flow.protocol;
  ints[int + 2] = flow.status;
  for (let index = 0; index < traceInts; index += 1)
    traces[place * traceInts + index] = flow.trace[index] ?? 0;
}

function putWords(columns: Columns, place: number, flow: LightFlow): void {
  columns.connection[place] = flow.connection;
  columns.destination[place] = flow.destination;
  columns.verdict[place] = flow.verdict;
  columns.method[place] = flow.method;
  columns.host[place] = flow.host;
  columns.target[place] = flow.target;
  columns.query[place] = flow.query;
  columns.head[place] = flow.head;
}

/** Lets go of what the place held: it may stay empty until the ring comes round. */
function forget(columns: Columns, place: number): void {
  columns.connection[place] = undefined;
  columns.host[place] = undefined;
  columns.target[place] = undefined;
  columns.query[place] = undefined;
  columns.head[place] = undefined;
}

/** The flow at `place`, filled into `copy` where there is one. */
function copyAt(columns: Columns, place: number, copy: LightFlow | undefined): LightFlow | undefined {
  const [connection, destination, verdict, target, head] = [
    columns.connection[place],
    columns.destination[place],
    columns.verdict[place],
    columns.target[place],
    columns.head[place],
  ];
  if (!connection || !destination || !verdict || !target || !head) return undefined;
  const words = { connection, destination, verdict, target, head };
  const flow = copy === undefined ? newLightFlow(words) : Object.assign(copy, words);
  const { numbers, ints, traces } = columns;
  const at = place * numbersPerFlow;
  flow.startedMs = numbers[at] ?? 0;
  flow.latencyMs = numbers[at + 1] ?? 0;
  flow.firstByteMs = numbers[at + 2] ?? 0;
  flow.requestBytes = numbers[at + 3] ?? 0;
  flow.responseBytes = numbers[at + 4] ?? 0;
  const int = place * intsPerFlow;
  flow.sequence = ints[int] ?? 0;
  flow.protocol = ints[int + 1] ?? 0;
  flow.status = ints[int + 2] ?? 0;
  for (let index = 0; index < traceInts; index += 1)
    flow.trace[index] = traces[place * traceInts + index] ?? 0;
  flow.method = columns.method[place] ?? '';
  flow.host = columns.host[place] ?? '';
  flow.query = columns.query[place];
  return flow;
}
