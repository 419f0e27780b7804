// What the controller says of policies in pods that it does not have any more. Pods and taps are stand-ins: no kernel is asked.
import { expect, test } from 'vitest';
import { NodeController, type ControllerParts } from '../../../../src/app/agent/node/node-controller.ts';
import type { PodGears } from '../../../../src/app/agent/node/pod-gears.ts';
import type { PodTaps } from '../../../../src/app/agent/node/pod-taps.ts';
import type { Place, Places } from '../../../../src/app/agent/node/places.ts';
import { createDirectoryBook } from '../../../../src/core/plan/directory.ts';
import { AppError } from '../../../../src/core/model/app-error.ts';
import type { PodPlan } from '../../../../src/core/plan/node-plan.ts';
import { abilities, inventory, pod } from '../../../core/plan/build.ts';
import { policy, workload } from '../../../core/policy/build.ts';
import { nameOf } from '../../../../src/core/policy/policy-name.ts';

const shop = inventory({ pods: [pod({ name: 'orders-1', of: 'orders', addresses: ['10.77.0.3'] })] });
const [orders] = shop.pods;
const blocking = policy({ from: workload('scanner'), to: workload('orders'), http: { paths: ['/a'] } });

/** Takes every plan, and remembers it as what stands. */
function gearsOf(id: string): PodGears {
  const standIn = {
    brought: false,
    plan: { pod: id } as PodPlan,
    bring(_change: unknown, after: PodPlan) {
      standIn.plan = after;
      standIn.brought = true;
      return Promise.resolve({ cut: 0, failed: 0, error: 0 });
    },
  };
  return standIn as unknown as PodGears;
}

function controllerOf(place: Place, parts: Partial<ControllerParts> = {}): NodeController {
  const places = { follow: () => Promise.resolve(), all: () => [place], get: () => place };
  const taps = { set: () => Promise.resolve(new Map()) };
  return new NodeController({
    inventory: { current: () => shop, onChange: () => () => undefined, close: () => undefined },
    abilities: abilities(),
    places: places as unknown as Places,
    taps: taps as unknown as PodTaps,
    book: createDirectoryBook(),
    now: () => 0,
    servedPorts: () => [8080],
    onDirectory: () => undefined,
    onCut: () => undefined,
    onSettled: () => undefined,
    onNotice: () => undefined,
    ...parts,
  });
}

test('of a pod that a newer start has, this one says so, not that it has no port', async () => {
  if (orders === undefined) throw new Error('there is no pod');
  const place: Place = {
    ...{ pod: orders, gears: gearsOf(orders.id), mesh: undefined, fault: '', untapped: '', left: false },
  };
  const controller = controllerOf(place);
  const said = (): ReturnType<NodeController['enforcementOf']> =>
    controller.enforcementOf(nameOf(blocking), () => 0);
  try {
    await controller.setPolicies([blocking]);
    expect(said()).toMatchObject({ state: 'enforced', inPlace: 1, meant: 1 });
    Object.assign(place, { gears: undefined, left: true, fault: 'a newer start of this agent has it' });
    await controller.reconcile();
    expect(said()).toMatchObject({ state: 'pending', inPlace: 0, meant: 1 });
    expect(said().sentence).toMatch(/Not in place in shop\/orders-1: a newer start of this agent has it\.$/);
    expect(said().sentence).not.toContain('declares no port');
  } finally {
    await controller.stop();
  }
});

test('where nobody can look what a pod listens on, it is told once, and ports that a policy names are judged', async () => {
  if (orders === undefined) throw new Error('there is no pod');
  const place: Place = {
    ...{ pod: orders, gears: gearsOf(orders.id), mesh: undefined, fault: '', untapped: '', left: false },
  };
  const notices: string[] = [];
  const controller = controllerOf(place, {
    servedPorts() {
      throw new AppError({
        ...{ code: 'NO_DIAG', family: 'cannotCreate', hint: 'Load inet_diag.' },
        message: 'The kernel has no inet_diag.',
      });
    },
    onNotice: (sentence) => void notices.push(sentence),
  });
  const named = policy({
    ...{ name: 'named', from: workload('scanner'), http: { paths: ['/a'] } },
    to: { peers: [{ workload: { name: 'orders' } }], ports: [8081] },
  });
  try {
    await controller.setPolicies([named]);
    await controller.reconcile();
    expect(controller.enforcementOf('shop/named', () => 0)).toMatchObject({ state: 'enforced' });
    expect(place.gears?.plan.inline.map(({ port }) => port)).toEqual([8081]);
    expect(notices).toEqual([
      'shop/orders-1: what it listens on cannot be looked up (The kernel has no inet_diag); ports that it declares or a policy names count.',
    ]);
  } finally {
    await controller.stop();
  }
});
