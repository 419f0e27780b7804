// HOST:PORT as people write it on a command line, IPv6 in brackets. Knows no option and says no error.

/** Where to listen or to connect. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Undefined of any other text. */
export function parseHostPort(text: string): HostPort | undefined {
  const found = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text)?.groups;
  const host = found?.['six'] ?? found?.['four'];
  const port = Number(found?.['port']);
  return host !== undefined && port <= 65_535 ? { host, port } : undefined;
}
