// Every name leads to this machine: for tests that dial a Service by the name that its certificate has.
import type { LookupFunction } from 'node:net';

/** 127.0.0.1, whatever is asked for. */
export const loopbackLookup: LookupFunction = (_name, { all }, answer) => {
  const address = '127.0.0.1';
  if (all === true) answer(null, [{ address, family: 4 }]);
  else answer(null, address, 4);
};
