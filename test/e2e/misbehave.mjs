// Preloaded into a program (NODE_OPTIONS=--import): SIGUSR2 makes it take memory until V8 ends it. What V8 would do at the limit of a real
// machine, or the kernel in its stead, only sooner.
import { isMainThread } from 'node:worker_threads';

if (isMainThread)
  process.once('SIGUSR2', () => {
    for (const kept = []; ;) kept.push(Array.from({ length: 100_000 }, (_, index) => ({ index })));
  });
