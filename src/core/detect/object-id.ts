// Which object a request names: the segments where its template has a placeholder, else a query parameter that holds an id.

export interface ObjectRef {
  /** Id; several placeholders are joined with a slash. */
  readonly id: string;
  /** Its last part as a number, when it is one. */
  readonly number: number | undefined;
  /** The template; `?name` is added where the id came from the query. */
  readonly route: string;
}

/** Parameters that name an object; paging and filters do not. */
const idParameter = /^(?:id|uuid|.{1,40}_id|.{1,40}Id|.{1,40}ID)$/;
const longestId = 200;

function numberOf(text: string): number | undefined {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

function refOf(id: string, last: string, route: string): ObjectRef {
  return { id: id.length > longestId ? id.slice(0, longestId) : id, number: numberOf(last), route };
}

function fromPath(route: string, path: string): ObjectRef | undefined {
  const template = route.split('/');
  const segments = path.split('/');
  let id = '';
  let last = '';
  for (let index = 0; index < template.length; index += 1) {
    const part = template[index] ?? '';
    const segment = segments[index];
    if (!part.startsWith('{') || segment === undefined) continue;
    id = id === '' ? segment : `${id}/${segment}`;
    last = segment;
  }
  return last === '' ? undefined : refOf(id, last, route);
}

function fromQuery(route: string, query: string): ObjectRef | undefined {
  for (const pair of query.split('&', 16)) {
    const equals = pair.indexOf('=');
    if (equals <= 0 || equals > 42 || equals === pair.length - 1) continue;
    const name = pair.slice(0, equals);
    const value = pair.slice(equals + 1);
    if (idParameter.test(name)) return refOf(value, value, `${route}?${name}`);
  }
  return undefined;
}

/** The object that a request names, or undefined. */
export function objectOf(route: string, path: string, query: string | undefined): ObjectRef | undefined {
  if (route.includes('{')) return fromPath(route, path);
  return query === undefined ? undefined : fromQuery(route, query);
}
