// `hub`: the hub of a cluster, until a signal. It makes and keeps its certificates itself; people reach it through the API server, and on this
// machine only where --feed says so.
import { homedir, hostname } from 'node:os';
import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import { formatFeedAddress } from '../../../io/feed/feed-address.ts';
import { createKubeApi } from '../../../io/kube/api/kube-api.ts';
import { resolveTarget } from '../../../io/kube/config/kube-target.ts';
import { startHub, type Hub, type HubOptions } from '../../hub/hub.ts';
import type { CommandContext } from '../command-context.ts';
import { feedOptions } from '../feed-options.ts';
import { parseHostPort, type HostPort } from '../host-port.ts';
import { optOutOption } from '../opt-out-option.ts';
import { textOption } from '../option-values.ts';
import { removeToken, writeToken } from '../session-paths.ts';
import { sweepRuntime } from '../sweep-runtime.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';

function hostPort(text: string): HostPort {
  const parsed = parseHostPort(text);
  if (parsed !== undefined) return parsed;
  throw new AppError({
    code: 'HOST_PORT',
    family: 'usage',
    message: `--listen "${text}" is not HOST:PORT.`,
    hint: 'Write --listen 0.0.0.0:10250, or [::]:10250 for IPv6.',
  });
}

/** By which address other replicas come: the one that is listened on, where that is one; else the pod's. */
function advertised({ host }: HostPort, env: CommandContext['env']): string | undefined {
  const isEverywhere = isIP(host) !== 0 && /^[0:.]+$/.test(host);
  return isEverywhere ? env['POD_IP'] : host;
}

function optionsOf(options: OptionValues, { env, say, out }: CommandContext): HubOptions {
  const listen = hostPort(textOption(options, 'listen') ?? '');
  const target = resolveTarget({}, { env, homeDirectory: homedir() });
  const advertise = advertised(listen, env);
  return {
    ...{ listen, onNotice: say, audit: (line) => out.line(JSON.stringify(line)) },
    api: createKubeApi({ target, env, now: Date.now, sleep: (ms) => pause(ms) }),
    ...(advertise === undefined ? {} : { advertise }),
    ...(textOption(options, 'feed') === undefined ? {} : { feed: feedOptions(options) }),
    namespace: textOption(options, 'namespace') ?? env['POD_NAMESPACE'] ?? target.namespace,
    optOut: optOutOption(options),
    agentAccount: textOption(options, 'agentAccount') ?? '',
    lease: textOption(options, 'lease') ?? '',
    name: textOption(options, 'name') ?? env['POD_NAME'] ?? hostname(),
  };
}

/** Leaves the feed's token where verbs of this machine find it; answers how to take it away again. */
function leaveToken({ feed }: Hub, token: string | undefined, env: CommandContext['env']): () => void {
  if (feed?.type !== 'tcp' || token === undefined) return () => undefined;
  const { port } = feed;
  writeToken(env, port, token);
  return () => removeToken(env, port, token);
}

/** Runs a hub until it is told to stop. 0 after an ordered stop. */
export const hub: RunVerb = async (_words, options, context) => {
  const told = optionsOf(options, context);
  const { env, say } = context;
  if (told.feed !== undefined) sweepRuntime(env);
  const running = await startHub(told);
  const takeTokenAway = leaveToken(running, told.feed?.token, env);
  const where = running.feed === undefined ? '' : `; feed at ${formatFeedAddress(running.feed)}`;
  say(`agents and people connect at port ${running.port}${where}`);
  void running.synced().then(
    () => say(`the cluster has been read: ${running.figures().entries} pods, Services and nodes`),
    () => undefined,
  );
  await context.interrupted;
  await running.stop();
  told.api.close();
  takeTokenAway();
  return 0;
};
