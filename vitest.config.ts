// Three projects: `unit` needs nothing but Node; `e2e` runs real sockets, processes and terminals against dist/; `cluster` runs against a
// real Kubernetes (docs/cluster-lab.md), after the others because it wants the machine for itself.
import { defineConfig } from 'vitest/config';

/** Conditions are looked at often and given up late: a busy machine is slow, not wrong. */
const expectOptions = { poll: { interval: 10, timeout: 20_000 } };

export default defineConfig({
  test: {
    reporters: process.env['VITEST_JSON']
      ? ['default', ['json', { outputFile: process.env['VITEST_JSON'] }]]
      : ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/e2e/**', 'test/cluster/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 30_000,
          expect: expectOptions,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/helpers/debian-tools.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          expect: expectOptions,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          globalSetup: ['test/cluster/setup.ts'],
          pool: 'forks',
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          // The first hook of a run waits for the lab to start.
          hookTimeout: 400_000,
          expect: expectOptions,
        },
      },
    ],
  },
});
