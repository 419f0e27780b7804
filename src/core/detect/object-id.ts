// Which object a request names: the segments where its template has a placeholder, else a query parameter that holds an id.

/** The object that a request names, and the kind of object it is. */
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

/** Digits that a number holds exactly. */
const exactDigits = 15;

function numberOf(text: string): number | undefined {
  if (text.length === 0 || text.length > exactDigits) return undefined;
  let value = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

function refOf(id: string, last: string, route: string): ObjectRef {
  return { id: id.length > longestId ? id.slice(0, longestId) : id, number: numberOf(last), route };
}

const openBrace = 123;

function endOfSegment(text: string, start: number): number {
  const slash = text.indexOf('/', start);
  return slash < 0 ? text.length : slash;
}

function fromPath(route: string, path: string): ObjectRef | undefined {
  let id = '';
  let last = '';
  let at = 0;
  for (let from = 0; from <= route.length && at <= path.length;) {
    const next = endOfSegment(path, at);
    if (route.charCodeAt(from) === openBrace) {
      last = path.slice(at, next);
      id = id === '' ? last : `${id}/${last}`;
    }
    at = next + 1;
    from = endOfSegment(route, from) + 1;
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
