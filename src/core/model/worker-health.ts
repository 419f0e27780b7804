// Whether workers live, from the age of their last sign of life. Pure.

/** A worker that has not turned for this long is not well, ms: four times its longest sleep. */
export const heartbeatLimitMs = 1_000;

/** What is wrong, in a sentence; undefined while every worker lives. */
export function unwellSentence(
  workers: readonly { readonly name: string; readonly heartbeatAgeMs: number }[],
): string | undefined {
  const hung = workers.find(({ heartbeatAgeMs }) => heartbeatAgeMs >= heartbeatLimitMs);
  if (hung === undefined) return undefined;
  const seconds = (hung.heartbeatAgeMs / 1000).toFixed(1);
  return `The worker ${hung.name} has given no sign of life for ${seconds} s: its connections stand still.`;
}
