// Which names of objects are refused for what they give away.
import { expect, test } from 'vitest';
import { isSecretName } from '../../../src/core/mask/secret-name.ts';

test.each([
  'block-glpat-a1b2c3d4e5f6g7h8i9j0',
  'sk-a1b2c3d4e5f6g7h8i9j0k1l2',
  'key.3f9a1c2248bd07e63f9a1c2248bd07e6',
])('%s holds a secret', (name) => expect(isSecretName(name)).toBe(true));

test.each([
  'block-scanner-on-orders',
  'throttle-web-20261123-103000',
  'p1.v2',
  'block-10-0-0-12-3f9a1c22',
  'block-sk-orders',
  'deny-3fa85f64-5717-4562-b3fc-2c963f66afa6',
])('%s holds none', (name) => expect(isSecretName(name)).toBe(false));
