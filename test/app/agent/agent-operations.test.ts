// What a client gets back for what it sent: the masked policy, whatever was written.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { operate } from '../../../src/app/agent/agent-operations.ts';
import { createPolicyMask } from '../../../src/core/mask/mask-policy.ts';
import { createMasker } from '../../../src/core/mask/masker.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { openFolderStore } from '../../../src/io/policies/folder-store.ts';

test('a masked policy that comes back is written with its real values and answered masked again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'operations-'));
  const store = await openFolderStore({ directory, now: () => 0 });
  onTestFinished(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });
  const mask = createPolicyMask(createMasker(new Uint8Array(32).fill(3)));
  const secret = 'SplxlOBeZQQYbYS6WxSbIA7q';
  const real: Policy = {
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: { name: 'p', namespace: 'shop' },
    spec: {
      mode: 'Enforce',
      from: { scope: 'All' },
      to: { scope: 'All' },
      match: { http: { paths: [`/reset/${secret}`] } },
      action: { type: 'Block' },
    },
  };
  const status = (): never => {
    throw new Error('nobody asked for it');
  };
  const object = mask.mask(real);
  const answer = await operate({ store, status, mask, node: undefined }, { op: 'policy.apply', object });
  expect(answer).toEqual({ name: 'shop/p', change: 'created', object });
  const [file = ''] = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  expect(readFileSync(join(directory, file), 'utf8')).toContain(secret);
  const planned = await operate(
    { store, status, mask, node: undefined },
    { op: 'policy.undo', dryRun: true },
  );
  expect(planned).toMatchObject({ name: 'shop/p', change: 'removed', plan: { before: object } });
  expect(JSON.stringify(planned)).not.toContain(secret);
  expect(readdirSync(directory)).toContain(file);
});
