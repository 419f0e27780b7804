// Who holds the Lease, as one text that names this start of a replica and says where the others reach it: `NAME_START_HOST:PORT`. Pure. It is no
// proof of anything: replicas prove themselves by their certificates.

/** Where a replica listens. */
export interface ReplicaAddress {
  readonly host: string;
  readonly port: number;
}

/** One start of a replica. */
export interface Replica {
  /** Of its pod; no underscore is in such. */
  readonly name: string;
  /** Different at each start. */
  readonly start: string;
  /** Absent where other replicas cannot reach it. */
  readonly address?: ReplicaAddress;
}

const hostText = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** As it stands in the Lease. */
export function holderOf({ name, start, address }: Replica): string {
  const where = address === undefined ? '' : `_${hostText(address.host)}:${address.port}`;
  return `${name}_${start}${where}`;
}

/** Where that replica listens; undefined when the text does not say. */
export function addressIn(holder: string): ReplicaAddress | undefined {
  const [, bracketed, plain, port = ''] =
    /_(?:\[([0-9A-Fa-f:.]+)\]|([^_[\]:]+)):(\d{1,5})$/.exec(holder) ?? [];
  const host = bracketed ?? plain;
  const number = Number(port);
  return host === undefined || number < 1 || number > 65_535 ? undefined : { host, port: number };
}

/** The replica's name in what the Lease names; '' of nobody. */
export const nameIn = (holder: string): string => holder.split('_', 1)[0] ?? '';
