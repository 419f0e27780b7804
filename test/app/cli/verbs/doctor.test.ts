// `doctor` is about a cluster or about this machine, and never about both.
import { expect, test } from 'vitest';
import { doctor } from '../../../../src/app/cli/verbs/doctor.ts';

test.each([
  [{ node: true, context: 'kind-shop' }, '--context'],
  [{ node: true, asGroup: 'a' }, '--as-group'],
  [{ node: true, namespace: 'x' }, '--namespace'],
])('%j is refused', async (options, flag) => {
  const refused: unknown = await doctor([], options, {} as never).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    ...{ code: 'DOCTOR_OF_WHAT', family: 'usage' },
    message: `--node means this machine, and ${flag} a cluster: only one of them can be meant.`,
  });
});
