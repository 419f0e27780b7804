import { expect, test } from 'vitest';
import { isProductionContext } from '../../../src/core/model/production-context.ts';

test.each([
  'production',
  'prod',
  'prod-eu-1',
  'shop_prod',
  'eksprod',
  'PROD',
  'eu-prd',
  'arn:aws:eks:eu-west-1:123456789012:cluster/production-2',
  'admin@production.example.org',
])('the context %s is production', (name) => expect(isProductionContext(name)).toBe(true));

test.each([
  'dev',
  'staging',
  'product-catalog',
  'products',
  'non-prod',
  'nonproduction',
  'pre_prod',
  'kind-shop',
])('the context %s is not', (name) => expect(isProductionContext(name)).toBe(false));
