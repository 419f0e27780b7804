// Close codes of a hub's streams (4000 to 4999 are free for use); the reason beside them is a sentence.

/** The right that the stream rests on was lost; the API server cannot be asked whether it still is there. */
export const viewerEnd = { rightLost: 4403, rightsUnknown: 4503 } as const;
