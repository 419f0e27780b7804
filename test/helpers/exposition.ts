// Reads Prometheus' text format (version 0.0.4) back, strictly: a line that is not of the format fails the test.

/** One page, taken apart. Keys of `series` are name and labels as they stand. */
export interface Exposition {
  readonly help: ReadonlyMap<string, string>;
  readonly types: ReadonlyMap<string, string>;
  readonly series: ReadonlyMap<string, number>;
}

const helpLine = /^# HELP ([a-z_:][a-z0-9_:]*) (.+)$/;
const typeLine = /^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge)$/;
const label = '[a-z_]+="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
const sampleLine = new RegExp(`^([a-z_:][a-z0-9_:]*(?:\\{${label}(?:,${label})*\\})?) (\\S+)$`);

function put<Value>(map: Map<string, Value>, key: string, value: Value): void {
  if (map.has(key)) throw new Error(`${key} is there twice`);
  map.set(key, value);
}

/** @throws Error at the first line that is not of the format, or comes twice. */
export function readExposition(text: string): Exposition {
  const help = new Map<string, string>();
  const types = new Map<string, string>();
  const series = new Map<string, number>();
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, described, words] = helpLine.exec(line) ?? [];
    const [, typed, type] = typeLine.exec(line) ?? [];
    const [, key, value] = sampleLine.exec(line) ?? [];
    if (described !== undefined && words !== undefined) put(help, described, words);
    else if (typed !== undefined && type !== undefined) put(types, typed, type);
    else if (key !== undefined && Number.isFinite(Number(value))) put(series, key, Number(value));
    else throw new Error(`not of the exposition format: ${line}`);
  }
  return { help, types, series };
}
