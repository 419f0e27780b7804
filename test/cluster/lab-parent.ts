// Starts a lab, says so, and waits to be killed: stands for a test runner that ends without a chance to clean up.
import type { Preparations, Tier } from './lab/preparations.ts';
import { startLab } from './lab/preparations.ts';

const { tier, prepared } = JSON.parse(process.argv[2] ?? '') as {
  readonly tier: Tier;
  readonly prepared: Preparations;
};
const lab = await startLab(tier, prepared);
process.stdout.write(`${JSON.stringify({ facts: lab.facts })}\n`);
setInterval(() => undefined, 60_000);
