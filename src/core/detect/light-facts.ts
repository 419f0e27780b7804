// The facts of a light flow: what its shared words know already, put into one struct that is used again for every flow.
import { createClockText } from '../inspect/flow-event-time.ts';
import { createLightView, type LightFlow, type LightView } from '../inspect/light-flow.ts';
import type { MaskClass } from '../mask/classes.ts';
import { credentialInQuery } from './credential.ts';
import { destinationOf, type Facts, type Known } from './facts.ts';
import { objectOf, type ObjectRef } from './object-id.ts';

type Writable = { -readonly [Key in keyof Facts]: Facts[Key] };

/** The path's object, else the query's. */
function objectIn({ target, query }: LightFlow): ObjectRef | undefined {
  if (target.object !== undefined || query === undefined) return target.object;
  return objectOf(target.route, target.path, query);
}

function urlCredentialIn({ target, query, head }: LightFlow): MaskClass | undefined {
  const inUrl = target.credential ?? (query === undefined ? undefined : credentialInQuery(query));
  return inUrl ?? head.refererCredential;
}

/** All but the caller. */
function fill(facts: Writable, light: LightFlow, known: Known): void {
  const { target, head, status } = light;
  const object = objectIn(light);
  const { credential } = head;
  facts.nowMs = known.nowMs;
  facts.destination = destinationOf(light.destination);
  facts.method = light.method;
  facts.path = target.path;
  facts.route = object?.route ?? target.route;
  facts.status = status;
  facts.ok = status >= 200 && status < 300;
  facts.refused = status === 401 || status === 403 || status === 404;
  facts.object = object;
  facts.guessed = object !== undefined && known.guessed(object);
  facts.credential = credential;
  facts.personal = credential !== undefined && known.personal(credential);
  facts.urlCredential = urlCredentialIn(light);
  facts.userAgent = head.userAgent;
  facts.relays = known.relays;
}

function emptyFacts({ event }: LightView): Writable {
  return {
    flow: event,
    nowMs: 0.5,
    caller: '',
    destination: '',
    method: '',
    path: '',
    route: '',
    status: 0,
    // Light flows are such as were allowed and answered by the service.
    blocked: false,
    ok: false,
    refused: false,
    object: undefined,
    guessed: false,
    credential: undefined,
    personal: false,
    urlCredential: undefined,
    userAgent: '',
    relays: false,
  };
}

/** Makes facts of light flows, each time in the same object: equal to those of the flow's event. */
export function createLightFacts(): (light: LightFlow, caller: string, known: Known) => Facts {
  const clock = createClockText();
  let view: LightView | undefined;
  let facts: Writable | undefined;
  return (light, caller, known) => {
    view ??= createLightView(light, clock);
    view.show(light);
    facts ??= emptyFacts(view);
    facts.caller = caller;
    fill(facts, light, known);
    return facts;
  };
}
