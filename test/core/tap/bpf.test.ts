// The assembler: labels become distances, and what cannot be a distance is refused.
import { expect, test } from 'vitest';
import { assembleBpf, bpf } from '../../../src/core/tap/bpf.ts';

test('labels become numbers of instructions to skip', () => {
  const program = assembleBpf([
    bpf.loadHalf(12),
    bpf.ifEqual(0x0800, 'yes'),
    bpf.ifAnySet(1, undefined, 'no'),
    bpf.go('no'),
    bpf.label('yes'),
    bpf.answer(64),
    bpf.label('no'),
    bpf.answer(0),
  ]);
  expect(program).toEqual([
    { code: 0x28, jt: 0, jf: 0, k: 12 },
    { code: 0x15, jt: 2, jf: 0, k: 0x0800 },
    { code: 0x45, jt: 0, jf: 2, k: 1 },
    { code: 0x05, jt: 0, jf: 0, k: 1 },
    { code: 0x06, jt: 0, jf: 0, k: 64 },
    { code: 0x06, jt: 0, jf: 0, k: 0 },
  ]);
});

test('a label that is missing, behind, or more than a byte away is refused', () => {
  const far = [...Array.from({ length: 256 }, () => bpf.setA(1)), bpf.label('far'), bpf.answer(0)];
  expect(() => assembleBpf([bpf.go('nowhere'), bpf.answer(0)])).toThrow('nowhere');
  expect(() => assembleBpf([bpf.label('behind'), bpf.setA(1), bpf.go('behind')])).toThrow('behind');
  expect(() => assembleBpf([bpf.ifEqual(1, 'far'), ...far])).toThrow('far');
  expect(assembleBpf([bpf.go('far'), ...far])[0]).toEqual({ code: 0x05, jt: 0, jf: 0, k: 256 });
});
