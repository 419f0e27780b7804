// A start of the agent that was overtaken says in the newer one's table that it is there. Whoever stops and finds that offers the pod instead of
// taking its rules back (`Enrolment.offer`). Changes nothing else in a table that is not ours; a note that a dead start left costs a stop a wait.
import { nftTable, waitingChain, type TableOwner } from '../../../core/plan/node-constants.ts';
import type { Netns } from './netns.ts';
import type { NodeKernel } from './node-kernel.ts';
import { openOwnRules } from './own-rules.ts';
import { readClaim } from './table-claim.ts';
import { createTableReader } from './table-reader.ts';

const table = `${nftTable.family} ${nftTable.name}`;

function apply(kernel: NodeKernel, netns: Pick<Netns, 'fd' | 'path'>, text: string): void {
  const rules = openOwnRules(kernel, netns);
  try {
    rules.apply(text);
  } finally {
    rules.close();
  }
}

/**
 * Whether nobody has the pod's rules, or an earlier start, or a newer one that offers them; where a newer one keeps them, it is told that we wait.
 * @throws AppError
 */
export function isFreeOrWait(
  kernel: NodeKernel,
  netns: Pick<Netns, 'fd' | 'path'>,
  self: TableOwner,
): boolean {
  const reader = createTableReader(kernel.netlink, netns);
  const { type } = readClaim({ reader }, self);
  if (type === 'free' || type === 'ours') return true;
  const note = waitingChain(self);
  if (type === 'newer' && !reader.chains().some(({ name }) => name === note))
    apply(kernel, netns, `add chain ${table} ${note}\n`);
  return false;
}

/** Takes that back. @throws AppError */
export function stopWaiting(kernel: NodeKernel, netns: Pick<Netns, 'fd' | 'path'>, self: TableOwner): void {
  const note = waitingChain(self);
  if (
    createTableReader(kernel.netlink, netns)
      .chains()
      .some(({ name }) => name === note)
  )
    apply(kernel, netns, `delete chain ${table} ${note}\n`);
}
