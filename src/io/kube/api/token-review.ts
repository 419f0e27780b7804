// Whose a token is, asked of the API server by TokenReview. Only the answer's words are read here; what follows from them is the caller's
// business.
import { fieldOf, listOf, textOf } from './kube-object.ts';
import type { KubeApi } from './kube-api.ts';
import { kinds } from './resource-kind.ts';

/** What the API server says of a token. */
export type TokenVerdict =
  | {
      readonly type: 'valid';
      /** `system:serviceaccount:NAMESPACE:NAME` of a ServiceAccount's. */
      readonly user: string;
      /** The pod that the token was made for; absent of one that no pod has. */
      readonly pod?: { readonly name: string; readonly uid: string };
    }
  | { readonly type: 'invalid'; readonly why: string };

/** Where the API server puts what a bound token was made for. */
const podName = 'authentication.kubernetes.io/pod-name';
const podUid = 'authentication.kubernetes.io/pod-uid';

const firstText = (extra: unknown, name: string): string | undefined =>
  textOf(listOf(fieldOf(extra, name))[0]);

/** @throws AppError when the API server cannot be asked, or does not let us ask. */
export async function reviewToken(api: KubeApi, token: string, audience: string): Promise<TokenVerdict> {
  const status = await api.review(kinds.tokenReviews, { token, audiences: [audience] });
  if (fieldOf(status, 'authenticated') !== true)
    return { type: 'invalid', why: textOf(fieldOf(status, 'error')) ?? 'the API server does not know it' };
  // An API server that knows no audiences answers without them, and would take any token.
  if (!listOf(fieldOf(status, 'audiences')).includes(audience))
    return { type: 'invalid', why: `it is not for ${audience}` };
  const user = fieldOf(status, 'user');
  const extra = fieldOf(user, 'extra');
  const [name, uid] = [firstText(extra, podName), firstText(extra, podUid)];
  return {
    ...{ type: 'valid', user: textOf(fieldOf(user, 'username')) ?? '' },
    ...(name === undefined || uid === undefined ? {} : { pod: { name, uid } }),
  };
}
