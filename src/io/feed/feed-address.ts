// Where a feed is found: an owner-only unix socket or a loopback port. Parses and prints it; opens nothing.
import { AppError } from '../../core/model/app-error.ts';

/** A unix socket by its path, or a port of this machine. */
export type FeedAddress =
  | { readonly type: 'unix'; readonly path: string }
  | { readonly type: 'tcp'; readonly host: string; readonly port: number };

/** `HOST:PORT`, `PORT`, `unix:PATH` or a path with a slash. */
export function parseFeedAddress(text: string): FeedAddress {
  if (text.startsWith('unix:')) return { type: 'unix', path: text.slice(5) };
  if (text.includes('://')) throw addressUnknown(text);
  if (text.includes('/')) return { type: 'unix', path: text };
  const [, host = '127.0.0.1', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) throw addressUnknown(text);
  return { type: 'tcp', host: host.replace(/^\[(.*)\]$/, '$1'), port };
}

/** The spelling that `parseFeedAddress` reads back. */
export function formatFeedAddress(address: FeedAddress): string {
  if (address.type === 'unix') return `unix:${address.path}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** The error for a text that is no address. */
export const addressUnknown = (text: string): AppError =>
  new AppError({
    code: 'FEED_ADDRESS',
    family: 'usage',
    message: `"${text}" is not an address of a feed.`,
    hint: 'Write 127.0.0.1:PORT, or unix:PATH for a socket file.',
  });
