// Names, labels and other texts as policies write them: each with its bound, its pattern and a sentence. Knows no policy.
import { z } from 'zod';
import { serverMeta } from './server-rules.ts';

/** A text of one shape. `says` follows the field's path, here and in the API server's refusal: `must be …`. */
export const shapedText = (shape: RegExp, maxLength: number, says: string): z.ZodString =>
  z
    .string()
    .max(maxLength, `must hold ${maxLength} characters at most`)
    .regex(shape, says)
    .register(serverMeta, { says });

/** A namespace's name (RFC 1123 label). */
export const dnsLabel = shapedText(
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  63,
  'must be a lower-case DNS label of at most 63 characters',
);

/** An object's name (RFC 1123 subdomain). */
export const objectName = shapedText(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  253,
  'must be a lower-case DNS name of at most 253 characters',
);

/** None of: control characters but tab and line feed, and what turns the direction of text, since a reason is shown to people. */
const showable =
  // eslint-disable-next-line no-control-regex -- these are the characters it is about
  /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/;
const showableSays = 'must hold no control characters and none that turn text around';
/** Text of any length (Kubernetes bounds labels and annotations) that may be shown as it is. */
export const shownText = z.string().regex(showable, showableSays);
/** A sentence or two that may be shown as they are. */
export const shownSentence = shapedText(showable, 1024, showableSays);

/** RFC 3339, with seconds and a zone. The API server reads it by `format: date-time`, a little more leniently. */
export const timestamp = z.iso
  .datetime({ offset: true, error: 'must be a time with a zone, such as 2026-11-23T03:30:00Z' })
  .max(40);

/** Kubernetes label syntax: an optional DNS prefix and `/`, then a name. */
export const labelKey = shapedText(
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
  317,
  'must be a label name as Kubernetes has them',
);
/** May be empty. */
export const labelValue = shapedText(
  /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/,
  63,
  'must be a label value of at most 63 characters',
);

/** A token of RFC 9110, as header names and methods are. */
export const tokenClass = "[!#$%&'*+.^_`|~0-9A-Za-z-]";
