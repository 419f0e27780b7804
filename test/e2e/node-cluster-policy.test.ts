// A policy of no namespace on a node, in real namespaces: enforced as any other, and lifted.
import { expect } from 'vitest';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { createNodeAgentLab, policyOn } from './node-agent-lab.ts';

const node = testUnless(noRules);

node(
  'a ClusterFlowPolicy is refused in the kernel, counted under its name, and lifted with its file',
  async () => {
    await using lab = await createNodeAgentLab();
    await lab.start();
    const { metadata, ...rest } = policyOn('wide', {
      from: { peers: [{ workload: { name: 'scanner', namespace: 'shop' } }] },
      to: { peers: [{ namespace: 'shop' }] },
    });
    const name = `ClusterFlowPolicy/${metadata.name}`;
    const wide = { ...rest, kind: 'ClusterFlowPolicy', metadata: { name: metadata.name } } as const;
    expect(await lab.put(wide)).toMatchObject({
      name,
      state: 'active',
      enforcement: { state: 'enforced', gears: ['kernel'] },
    });
    expect((await lab.get('scanner', '/wide')).status).not.toBe(200);
    expect((await lab.get('web', '/wide')).status).toBe(200);
    await until('its hits', () =>
      lab.events.find((event) => event.type === 'policy' && event.name === name && (event.hits ?? 0) > 0),
    );
    await lab.remove(name);
    await until('it is lifted', async () => (await lab.get('scanner', '/again')).status === 200 || undefined);
  },
);
