// Light flows of the event window in columns: as objects they would all outlive the young generation, and copying them there
// costs the collector more than making them. What they share (endpoints, headers, verdict, words) is held by reference.
import type { Endpoint, FlowEvent, Verdict } from '../../core/model/event.ts';

type Request = NonNullable<FlowEvent['request']>;
type Response = NonNullable<FlowEvent['response']>;

export interface LightColumns {
  /** Keeps the flow at `place`. False when it has anything that most light flows have not: keep the object itself then. */
  put(place: number, flow: FlowEvent): boolean;
  /** The flow at `place`, made anew; undefined when none was put there. */
  get(place: number): FlowEvent | undefined;
}

/** A light flow as nearly all are. */
interface Plain extends FlowEvent {
  readonly request: Request;
  readonly response: Response;
  readonly connection: string;
  readonly latencyMs: number;
  readonly firstByteMs: number;
}

/** Fields of a plain flow without trace, of its request without query, of its answer. */
const plainFields = 13;
const plainRequestFields = 6;
const plainResponseFields = 2;

const fieldsOf = (part: object): number => Object.keys(part).length;

function isPlain(flow: FlowEvent): flow is Plain {
  const { request, response } = flow;
  if (flow.light !== true || request === undefined || response === undefined) return false;
  const isWhole =
    flow.connection !== undefined && flow.latencyMs !== undefined && flow.firstByteMs !== undefined;
  // By number: whatever field comes to events later, a flow that has it is not plain.
  return (
    isWhole &&
    request.headers !== undefined &&
    fieldsOf(flow) === (flow.traceId === undefined ? plainFields : plainFields + 1) &&
    fieldsOf(request) === (request.query === undefined ? plainRequestFields : plainRequestFields + 1) &&
    fieldsOf(response) === plainResponseFields
  );
}

/** Numbers per flow, in this order: latency, time to the first byte, bytes of the request, bytes of the answer, status. */
const numbersPerFlow = 5;

interface Columns {
  readonly numbers: Float64Array;
  readonly time: string[];
  readonly id: string[];
  readonly connection: string[];
  readonly source: Endpoint[];
  readonly destination: Endpoint[];
  readonly protocol: FlowEvent['protocol'][];
  readonly verdict: Verdict[];
  readonly method: string[];
  readonly host: string[];
  readonly path: string[];
  readonly query: (string | undefined)[];
  readonly route: string[];
  readonly headers: Request['headers'][];
  readonly traceId: (string | undefined)[];
}

function createColumns(places: number): Columns {
  return {
    numbers: new Float64Array(places * numbersPerFlow),
    time: new Array<string>(places),
    id: new Array<string>(places),
    connection: new Array<string>(places),
    source: new Array<Endpoint>(places),
    destination: new Array<Endpoint>(places),
    protocol: new Array<FlowEvent['protocol']>(places),
    verdict: new Array<Verdict>(places),
    method: new Array<string>(places),
    host: new Array<string>(places),
    path: new Array<string>(places),
    query: new Array<string | undefined>(places),
    route: new Array<string>(places),
    headers: new Array<Request['headers']>(places),
    traceId: new Array<string | undefined>(places),
  };
}

/** Columns for `places` flows, about 150 bytes each, made when the first light flow comes. */
export function createLightColumns(places: number): LightColumns {
  let columns: Columns | undefined;
  return {
    put(place, flow) {
      if (!isPlain(flow)) return false;
      columns ??= createColumns(places);
      putNumbers(columns.numbers, place * numbersPerFlow, flow);
      putWords(columns, place, flow);
      return true;
    },
    get: (place) => columns && flowAt(columns, place),
  };
}

function putNumbers(numbers: Float64Array, at: number, flow: Plain): void {
  numbers[at] = flow.latencyMs;
  numbers[at + 1] = flow.firstByteMs;
  numbers[at + 2] = flow.request.bytes;
  numbers[at + 3] = flow.response.bytes;
  numbers[at + 4] = flow.response.status;
}

function putWords(columns: Columns, place: number, flow: Plain): void {
  const { request } = flow;
  columns.time[place] = flow.time;
  columns.id[place] = flow.id;
  columns.connection[place] = flow.connection;
  columns.source[place] = flow.source;
  columns.destination[place] = flow.destination;
  columns.protocol[place] = flow.protocol;
  columns.verdict[place] = flow.verdict;
  columns.method[place] = request.method;
  columns.host[place] = request.host;
  columns.path[place] = request.path;
  columns.query[place] = request.query;
  columns.route[place] = request.route;
  columns.headers[place] = request.headers;
  columns.traceId[place] = flow.traceId;
}

function flowAt(columns: Columns, place: number): FlowEvent | undefined {
  const { numbers } = columns;
  const [source, destination, verdict] = [
    columns.source[place],
    columns.destination[place],
    columns.verdict[place],
  ];
  if (!source || !destination || !verdict) return undefined;
  const traceId = columns.traceId[place];
  const at = place * numbersPerFlow;
  return {
    type: 'flow',
    time: columns.time[place] ?? '',
    id: columns.id[place] ?? '',
    connection: columns.connection[place] ?? '',
    source,
    destination,
    protocol: columns.protocol[place] ?? 'opaque',
    verdict,
    request: requestAt(columns, place, numbers[at + 2] ?? 0),
    response: { status: numbers[at + 4] ?? 0, bytes: numbers[at + 3] ?? 0 },
    latencyMs: numbers[at] ?? 0,
    firstByteMs: numbers[at + 1] ?? 0,
    ...(traceId === undefined ? {} : { traceId }),
    light: true,
  };
}

function requestAt(columns: Columns, place: number, bytes: number): Request {
  const [query, headers] = [columns.query[place], columns.headers[place]];
  return {
    method: columns.method[place] ?? '',
    host: columns.host[place] ?? '',
    path: columns.path[place] ?? '',
    route: columns.route[place] ?? '',
    bytes,
    ...(headers === undefined ? {} : { headers }),
    ...(query === undefined ? {} : { query }),
  };
}
