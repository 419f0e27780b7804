// What light flows share: the words of a head and of a target, made once with what detections ask of them and handed out again as
// long as the same bytes come. `held` belongs to the event window, which charges shared words once. Knows no exchange.
import { credentialInPath, credentialInReferer, credentialOf } from '../detect/credential.ts';
import { objectOf, type ObjectRef } from '../detect/object-id.ts';
import type { MaskClass } from '../mask/classes.ts';
import type { Header } from '../model/event.ts';

/** The kept headers of a request, and what detections read in them. */
export interface HeadWords {
  /** Masked. Never changed: events share it. */
  readonly headers: readonly Header[];
  /** As `credentialOf` finds it. */
  readonly credential: string | undefined;
  /** Kind of a credential in the Referer. */
  readonly refererCredential: MaskClass | undefined;
  /** '' when there is none. */
  readonly userAgent: string;
  /** Flows in the event window that hold it. */
  held: number;
}

/** Makes the words of `headers`, which nobody may change any more. */
export function headWordsOf(headers: readonly Header[]): HeadWords {
  return {
    headers,
    credential: credentialOf(headers),
    refererCredential: credentialInReferer(headers),
    userAgent: headers.find(([name]) => name === 'user-agent')?.[1] ?? '',
    held: 0,
  };
}

/** A path with the template it was given. */
export interface TargetWords {
  /** Masked. */
  readonly path: string;
  /** The template as the worker gave it, and masked as events carry it. */
  readonly learned: string;
  readonly route: string;
  /** The object that path and template name; the query is not looked at. */
  readonly object: ObjectRef | undefined;
  /** Kind of a credential in the path. */
  readonly credential: MaskClass | undefined;
  /** Flows in the event window that hold it. */
  held: number;
}

/** Makes the words of a masked path under a template. */
export function targetWordsOf(path: string, learned: string, route: string): TargetWords {
  return {
    path,
    learned,
    route,
    object: objectOf(route, path, undefined),
    credential: credentialInPath(path),
    held: 0,
  };
}
