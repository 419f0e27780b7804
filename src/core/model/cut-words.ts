// Why an exchange ended otherwise than by a complete answer: stable words for events and filters, each with its sentence.

/** Why a connection ended otherwise than by a complete answer: the word events carry, and what it means. */
export const cutWords = {
  'client-reset': 'the client reset the connection',
  'upstream-reset': 'the server reset the connection',
  'upstream-closed': 'the server closed the connection before its answer was complete',
  'connect-refused': 'the server refused the connection',
  'connect-timeout': 'the server did not accept the connection in time',
  'connect-unreachable': 'the server could not be reached',
  'head-timeout': 'the client did not finish the head of a request in time',
  'body-timeout': 'the client did not finish the body of a refused request in time',
  'idle-timeout': 'no byte came from either side for too long',
  stalled: 'one side took no byte for too long',
  limit: 'more bytes had to wait than the agent holds for one connection',
  'policy-cut': 'a policy cut the connection',
  'earlier-close': 'the connection was closed with an earlier answer',
  gap: 'the tap did not see all of its bytes',
  drain: 'the agent stopped before it was over',
} as const;

/** A word of `cutWords`. */
export type CutWord = keyof typeof cutWords;
