// What this machine can run of a cluster, and why not more; and what a lab needs, made ready: the binary, packages, images.
import { setup as installDebianTools, withoutTools } from '../../helpers/debian-tools.ts';
import { lacking } from '../../helpers/unless.ts';
import { buildControlPlane, findGo } from './build-control-plane.ts';
import { labImages } from './lab-images.ts';
import { startLabProcess, type LabProcess, type LabSettings, type NetworkChoice } from './lab-process.ts';
import { nodePackages, noDebianPackages } from './node-packages.ts';

/** Control plane only, or with two nodes. */
export type Tier = 'api' | 'node';

/** What is ready to be started; reasons are '' where there is nothing in the way. */
export interface Preparations {
  readonly noApi: string;
  readonly noNodes: string;
  readonly binary: string;
  readonly packages: string;
  readonly images: readonly string[];
}

const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';

/** As much of a message as a test's name may carry, characters. */
const longestReason = 300;

const wordsOf = ({ message }: Error): string =>
  message.replaceAll(/[()]/g, '').replaceAll(/\s+/g, ' ').slice(0, longestReason);

/** '' when it went well, else why it did not, fit for a test's name. */
async function reasonOf(what: string, attempt: () => Promise<void>): Promise<string> {
  try {
    await attempt();
    return '';
  } catch (error) {
    return `${what}: ${error instanceof Error ? wordsOf(error) : String(error)}`;
  }
}

function inTheWayOfNodes(): string {
  return (
    lacking(isLinux, 'nodes are of Linux') ||
    lacking(isRoot, 'nodes take root') ||
    noDebianPackages ||
    withoutTools('nft', 'ip')
  );
}

/** Makes everything ready that can be. Minutes the first time. @param say is told what takes long. */
export async function prepare(say: (line: string) => void): Promise<Preparations> {
  let [binary, pause, packages]: [string, string, string] = ['', '', ''];
  let images: readonly string[] = [];
  const noApi =
    lacking(findGo() !== undefined, 'there is no Go, which builds the control plane') ||
    (await reasonOf('the control plane cannot be built', async () => {
      ({ binary, pause } = await buildControlPlane(say));
    }));
  if (noApi !== '') return { noApi, noNodes: noApi, binary, packages, images };
  installDebianTools();
  const noNodes =
    inTheWayOfNodes() ||
    (await reasonOf('what nodes run cannot be had', async () => {
      packages = await nodePackages(say);
      images = await labImages(pause);
    }));
  return { noApi, noNodes, binary, packages, images };
}

/** Names of the nodes of a lab. */
export const nodeNames = ['n1', 'n2'] as const;

function settingsOf(tier: Tier, prepared: Preparations, network: Partial<NetworkChoice>): LabSettings {
  const { packages, images } = prepared;
  const nodes = tier === 'node' ? nodeNames : [];
  return { isolated: isLinux && isRoot, nodes, packages, images: tier === 'node' ? images : [], ...network };
}

/** Starts a lab of its own; seconds. @throws Error with the reason when this machine cannot, or what the lab said. */
export function startLab(
  tier: Tier,
  prepared: Preparations,
  network: Partial<NetworkChoice> = {},
): Promise<LabProcess> {
  const reason = tier === 'api' ? prepared.noApi : prepared.noNodes;
  if (reason !== '') throw new Error(`There can be no lab of tier ${tier} here: ${reason}`);
  return startLabProcess(prepared.binary, settingsOf(tier, prepared, network));
}
