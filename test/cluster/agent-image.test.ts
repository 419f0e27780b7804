// The agent's image as a node runs it: with the rights that the agent is to have and no others, on a read-only file system. That the program
// and the libraries it calls by FFI are in the image shows here and nowhere else.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, type V1Pod } from '@kubernetes/client-node';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { agentImage } from '../../scripts/image/agent-image.ts';
import { hereArchitecture, writeOciArchive } from '../../scripts/image/oci-archive.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { nodeImage } from './lab/lab-images.ts';
import { configOf, makeNamespace, noNodes, sharedCluster } from './lab/shared-cluster.ts';

const image = 'local.test/api-defense:image-test';

const hostPath = (name: string, path: string, readOnly: boolean) => ({
  volume: { name, hostPath: { path, type: 'Directory' } },
  mount: {
    name,
    mountPath: `/host${path}`,
    readOnly,
    ...(readOnly ? { mountPropagation: 'HostToContainer' } : {}),
  },
});

/** `doctor --node` as an agent would run it on n1. */
function doctorPod(): V1Pod {
  const paths = [hostPath('netns', '/run/netns', true), hostPath('sysctl', '/proc/sys/net', false)];
  return {
    metadata: { name: 'doctor' },
    spec: {
      nodeName: 'n1',
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      volumes: paths.map(({ volume }) => volume),
      containers: [
        {
          name: 'look',
          image: nodeImage,
          imagePullPolicy: 'Never',
          args: ['-p', 'String(require("node:fs").readdirSync("/host/run/netns"))'],
          volumeMounts: paths.map(({ mount }) => mount),
        },
        {
          name: 'doctor',
          image,
          imagePullPolicy: 'Never',
          args: [
            'doctor',
            '--node',
            '--netns',
            '/host/run/netns',
            '--sysctl',
            '/host/proc/sys/net',
            '-o',
            'json',
          ],
          volumeMounts: paths.map(({ mount }) => mount),
          securityContext: {
            runAsUser: 0,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN'] },
            seccompProfile: { type: 'RuntimeDefault' },
          },
        },
      ],
    },
  };
}

const reportSchema = z.object({
  abilities: z.array(z.object({ name: z.string(), ok: z.boolean(), sentence: z.string() })),
  gears: z.array(z.object({ name: z.string(), ok: z.boolean(), sentence: z.string() })),
});

testUnless(noNodes)(
  'the program in its image can tap, block in the kernel and proxy inline with three capabilities',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-image-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const archive = join(folder, 'image.tar');
    writeOciArchive(agentImage(image, process.execPath, hereArchitecture()), archive);
    const cluster = await sharedCluster();
    await cluster.loadImage(archive);
    const config = configOf(cluster);
    const core = config.makeApiClient(CoreV1Api);
    await using own = await makeNamespace(config, 'image');
    const where = { name: 'doctor', namespace: own.name };
    await core.createNamespacedPod({ namespace: own.name, body: doctorPod() });
    await until('the end of doctor', async () => {
      const { status } = await core.readNamespacedPodStatus(where);
      return status?.phase === 'Succeeded' || status?.phase === 'Failed';
    });
    const report = reportSchema.parse(
      JSON.parse(await core.readNamespacedPodLog({ ...where, container: 'doctor' })),
    );
    expect(report.abilities.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.gears.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.gears.map(({ name }) => name).toSorted()).toEqual(['inline', 'kernel', 'tap']);
    // The namespaces of pods, its own included, are seen through the mount: mounts that the node makes are passed on.
    const looked = await core.readNamespacedPodLog({ ...where, container: 'look' });
    expect(
      looked
        .trim()
        .split(',')
        .every((name) => name.startsWith('cni-')),
    ).toBe(true);
  },
);
