// One watch from its head to its end: events line by line, silence told apart from quiet. Knows neither lists nor what is kept.
import type { IncomingMessage } from 'node:http';
import { AppError } from '../../../core/model/app-error.ts';
import {
  fieldOf,
  readObject,
  readStatus,
  textOf,
  type KubeObject,
  type KubeStatus,
} from '../api/kube-object.ts';
import { createLineSplitter } from './line-splitter.ts';

/** What a watch says. */
export type WatchEvent =
  | { readonly type: 'put' | 'drop'; readonly object: KubeObject }
  /** Everything up to this version has been told. */
  | { readonly type: 'bookmark'; readonly resourceVersion: string }
  | { readonly type: 'refused'; readonly status: KubeStatus };

/** Why a watch has ended. */
export type WatchEnd =
  /** By the API server, as it does after a while. */
  | 'ended'
  /** No byte came for longer than bookmarks are apart: the connection is half open. */
  | 'silent'
  /** It was cut in the middle. */
  | 'cut'
  | 'aborted';

/** Bounds of a watch. */
export interface WatchLimits {
  /** Without a byte for so long the connection counts as dead, ms. */
  readonly silentMs: number;
  /** Largest event, bytes. */
  readonly eventBytes: number;
}

/** Undefined for a line that is no event: it is passed over, and the next list mends it. */
function readEvent(line: string): WatchEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const told = fieldOf(value, 'object');
  switch (fieldOf(value, 'type')) {
    case 'ADDED':
    case 'MODIFIED': {
      const object = readObject(told);
      return object && { type: 'put', object };
    }
    case 'DELETED': {
      const object = readObject(told);
      return object && { type: 'drop', object };
    }
    case 'BOOKMARK': {
      const version = textOf(fieldOf(fieldOf(told, 'metadata'), 'resourceVersion'));
      return version === undefined ? undefined : { type: 'bookmark', resourceVersion: version };
    }
    case 'ERROR': {
      const status = readStatus(told);
      return status && { type: 'refused', status };
    }
    default:
      return undefined;
  }
}

const tooLarge = (limitBytes: number): AppError =>
  new AppError({
    code: 'KUBE_EVENT_TOO_LARGE',
    family: 'unavailable',
    message: `The API server sent an event of more than ${Math.floor(limitBytes / 1024 / 1024)} MiB.`,
    hint: 'No object of Kubernetes is as large: check what is between here and the API server.',
  });

/** Reads to the end. @throws AppError KUBE_EVENT_TOO_LARGE. */
export function readWatch(
  stream: IncomingMessage,
  { silentMs, eventBytes }: WatchLimits,
  onEvent: (event: WatchEvent) => void,
): Promise<WatchEnd> {
  return new Promise((resolve, reject) => {
    let isSilent = false;
    const silence = setTimeout(() => {
      isSilent = true;
      stream.destroy();
    }, silentMs);
    const splitter = createLineSplitter(eventBytes, (line) => {
      const event = readEvent(line);
      if (event !== undefined) onEvent(event);
    });
    const end = (how: WatchEnd): void => {
      clearTimeout(silence);
      resolve(isSilent ? 'silent' : how);
    };
    stream.on('data', (chunk: Buffer) => {
      silence.refresh();
      if (splitter.push(chunk)) return;
      clearTimeout(silence);
      stream.destroy();
      reject(tooLarge(eventBytes));
    });
    stream.on('end', () => end('ended'));
    stream.on('error', (error) => end(error.name === 'AbortError' ? 'aborted' : 'cut'));
    stream.on('close', () => end('cut'));
  });
}
