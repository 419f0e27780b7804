// What the API server's refusals mean, as sentences that name the object, the right or the field, and what to do. Pure.
import { AppError } from '../../../core/model/app-error.ts';
import type { KubeStatus } from './kube-object.ts';
import { fullName, objectTitle, type ResourceKind } from './resource-kind.ts';

/** What was asked for. */
export interface Asked {
  /** RBAC's verb: get, list, watch, create, patch, delete. */
  readonly verb: string;
  readonly resource: ResourceKind;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

interface Refusal {
  readonly asked: Asked;
  readonly server: string;
  readonly httpStatus: number;
  /** Undefined: the answer was no Status, as where the path itself is not known. */
  readonly status: KubeStatus | undefined;
}

const ended = (text: string): string => text.trim().replace(/\.$/, '');

/** `FlowPolicy shop/name`, `pods in namespace shop`. */
function what({ resource, namespace, name }: Asked): string {
  if (name !== undefined)
    return objectTitle(resource, { name, ...(namespace === undefined ? {} : { namespace }) });
  return namespace === undefined ? fullName(resource) : `${fullName(resource)} in namespace ${namespace}`;
}

/** The exact right that a role must give. */
function right({ verb, resource, subresource, namespace }: Asked): string {
  const where = namespace === undefined ? 'in the whole cluster' : `in namespace ${namespace}`;
  const sub = subresource === undefined ? '' : `/${subresource}`;
  const group = resource.group === '' ? '' : `.${resource.group}`;
  return `${verb} ${resource.plural}${sub}${group} ${where}`;
}

function forbidden({ asked, status }: Refusal): AppError {
  const message = status?.message ?? '';
  const user = /User "([^"]*)"/.exec(message)?.[1];
  // Without these words it is not RBAC: an admission plugin or webhook refused the object itself.
  if (status !== undefined && !/ cannot \S+ resource| is forbidden: User /.test(message))
    return new AppError({
      code: 'KUBE_ADMISSION',
      family: 'denied',
      message: `The cluster does not admit ${what(asked)}: ${ended(message)}.`,
      hint: 'A quota, an admission plugin or a webhook of the cluster says so; its owner can tell why.',
    });
  const who = user ?? 'You';
  // A server-side apply of what is not there needs "create" beside "patch": the API server says which one is missing.
  const verb = / cannot ([a-z]+) resource /.exec(message)?.[1] ?? asked.verb;
  return new AppError({
    code: 'KUBE_FORBIDDEN',
    family: 'denied',
    message: `${who} may not ${right({ ...asked, verb })}.`,
    hint: `Ask for a role that allows the verb "${verb}" on "${asked.resource.plural}${asked.subresource === undefined ? '' : `/${asked.subresource}`}" of the API group "${asked.resource.group}".`,
  });
}

const notInstalled = (asked: Asked, server: string): AppError =>
  asked.resource.group === 'apidefense.dev'
    ? new AppError({
        code: 'API_DEFENSE_NOT_INSTALLED',
        family: 'notFound',
        message: `api-defense is not installed in this cluster: ${server} knows no ${fullName(asked.resource)}.`,
        hint: 'Install it with "kubectl api-defense install", or choose another context with --context.',
      })
    : new AppError({
        code: 'KUBE_KIND_UNKNOWN',
        family: 'notFound',
        message: `The API server ${server} knows no ${fullName(asked.resource)} of version ${asked.resource.version}.`,
        hint: 'The cluster is older or newer than this program expects.',
      });

function notFound({ asked, server, status }: Refusal): AppError {
  if (status === undefined || (status.about.name === '' && asked.name === undefined))
    return notInstalled(asked, server);
  // A Status without a name, though one was asked for: the path is not known.
  if (status.about.name === '') return notInstalled(asked, server);
  if (status.about.kind === 'namespaces' && asked.resource.plural !== 'namespaces')
    return new AppError({
      code: 'KUBE_NAMESPACE_NOT_FOUND',
      family: 'notFound',
      message: `There is no namespace ${status.about.name}.`,
      hint: 'Create it, or name another one with -n NAMESPACE.',
    });
  return new AppError({
    code: 'KUBE_NOT_FOUND',
    family: 'notFound',
    message: `There is no ${what(asked)}.`,
    hint: 'Look at the list for its name; somebody may have removed it.',
  });
}

/** `kubectl-edit owns .spec.mode`. */
function owners({ causes }: KubeStatus): string {
  return causes
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ message, field }) => {
      const manager = /^conflict with "([^"]*)"/.exec(message)?.[1] ?? ended(message);
      return `${manager} owns ${field}`;
    })
    .join(', ');
}

function conflict({ asked, status }: Refusal): AppError {
  const owned = status === undefined ? '' : owners(status);
  if (owned !== '')
    return new AppError({
      code: 'KUBE_FIELD_CONFLICT',
      family: 'refused',
      message: `The ${what(asked)} was not changed, because somebody else manages what would change: ${owned}.`,
      hint: 'Change it where it comes from, or write another policy beside it.',
    });
  if (status?.reason === 'AlreadyExists')
    return new AppError({
      code: 'KUBE_EXISTS',
      family: 'refused',
      message: `There is already a ${what(asked)}.`,
      hint: 'Choose another name.',
    });
  return new AppError({
    code: 'KUBE_CONFLICT',
    family: 'refused',
    message: `The ${what(asked)} was changed by somebody else meanwhile, so nothing was written.`,
    hint: 'Look at it as it is now, and try again.',
  });
}

function invalid({ asked, status }: Refusal): AppError {
  const causes = (status?.causes ?? []).filter(({ field }) => field !== '' && field !== '<nil>');
  const fields = causes.map(({ field, message }) => `${field}: ${ended(message)}`).join('; ');
  return new AppError({
    code: 'KUBE_INVALID',
    family: 'data',
    message: `The cluster does not accept the ${what(asked)}: ${ended(fields === '' ? (status?.message ?? 'it did not say why') : fields)}.`,
    hint: 'Correct the field; nothing was written.',
  });
}

const unauthorized = ({ server }: Refusal): AppError =>
  new AppError({
    code: 'KUBE_UNAUTHORIZED',
    family: 'denied',
    message: `The API server ${server} does not know who you are: the credentials are missing, wrong or expired.`,
    hint: 'Sign in again with the tool that wrote the kubeconfig, or choose another context with --context.',
  });

const gone = ({ asked }: Refusal): AppError =>
  new AppError({
    code: 'KUBE_GONE',
    family: 'unavailable',
    message: `The API server no longer has the state of ${what(asked)} that was asked for.`,
    hint: 'Read it anew.',
  });

const busy = ({ server, status, httpStatus }: Refusal): AppError =>
  new AppError({
    code: 'KUBE_BUSY',
    family: 'unavailable',
    message: `The API server ${server} is too busy or not ready (${httpStatus}${status === undefined ? '' : `: ${ended(status.message)}`}).`,
    hint: 'Try again in a while.',
  });

/** By HTTP status; others are told as they came. */
const refusals: Readonly<Record<number, (refusal: Refusal) => AppError>> = {
  400: invalid,
  401: unauthorized,
  403: forbidden,
  404: notFound,
  409: conflict,
  410: gone,
  422: invalid,
  429: busy,
  503: busy,
};

/** The error that a refusal is, for whoever asked. */
export function refusalError(refusal: Refusal): AppError {
  // A server-side apply with an unknown field of a built-in kind is answered by 500 (kube-apiserver 1.34).
  const isUnknownField = /field not declared in schema/.test(refusal.status?.message ?? '');
  const known = isUnknownField ? invalid : refusals[refusal.httpStatus];
  if (known !== undefined) return known(refusal);
  const { asked, server, status, httpStatus } = refusal;
  return new AppError({
    code: 'KUBE_SERVER_ERROR',
    family: 'unavailable',
    message: `The API server ${server} failed to ${asked.verb} ${what(asked)} (${httpStatus}): ${ended(status?.message ?? 'it did not say why')}.`,
    hint: 'Try again; if it stays so, look at the log of the API server.',
  });
}
