// `hub`: the hub of a cluster, until a signal. Certificates are read from files, and again when these change; who makes them is not its business.
import { readFileSync, statSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import { formatFeedAddress } from '../../../io/feed/feed-address.ts';
import { createKubeApi } from '../../../io/kube/api/kube-api.ts';
import { resolveTarget } from '../../../io/kube/config/kube-target.ts';
import { startHub, type Hub, type HubOptions } from '../../hub/hub.ts';
import type { CommandContext } from '../command-context.ts';
import { feedOptions } from '../feed-options.ts';
import { parseHostPort, type HostPort } from '../host-port.ts';
import { textOption } from '../option-values.ts';
import { removeToken, writeToken } from '../session-paths.ts';
import { sweepRuntime } from '../sweep-runtime.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';

/** A rotated certificate is noticed so soon, ms. */
const lookEveryMs = 10_000;

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

/** The two files of the certificate. */
interface TlsFiles {
  read(): HubOptions['listen']['tls'];
  /** Different from one version of the files to the next. */
  version(): string;
}

function tlsFiles(options: OptionValues): TlsFiles {
  const [cert, key] = [textOption(options, 'tlsCert'), textOption(options, 'tlsKey')];
  if (cert === undefined || key === undefined)
    throw new AppError({
      code: 'HUB_TLS_MISSING',
      family: 'usage',
      message: 'The hub needs a certificate and its key: it never listens without TLS.',
      hint: 'Write --tls-cert FILE --tls-key FILE.',
    });
  return {
    version: () => [cert, key].map((path) => statSync(path).mtimeMs).join(),
    read() {
      try {
        return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
      } catch (cause) {
        throw new AppError({
          ...{ code: 'HUB_TLS_UNREADABLE', family: 'notFound', cause },
          message: `The certificate of the hub cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
          hint: 'Check the files named by --tls-cert and --tls-key.',
        });
      }
    },
  };
}

/** Both files change at different moments: what does not fit together is tried again, and the old one goes on. */
function followCertificate(files: TlsFiles, hub: Hub, say: (sentence: string) => void): () => void {
  let version = files.version();
  const timer = setInterval(() => {
    try {
      const now = files.version();
      if (now === version) return;
      hub.setCertificate(files.read());
      version = now;
      say('the certificate was renewed');
    } catch (error) {
      say(
        `The renewed certificate is not taken yet: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }, lookEveryMs).unref();
  return () => clearInterval(timer);
}

function optionsOf(options: OptionValues, { env, say }: CommandContext, tls: TlsFiles): HubOptions {
  const target = resolveTarget({}, { env, homeDirectory: homedir() });
  const { address, token } = feedOptions(options);
  return {
    api: createKubeApi({ target, env, now: Date.now, sleep: (ms) => pause(ms) }),
    listen: { ...hostPort(textOption(options, 'listen') ?? ''), tls: tls.read() },
    ...{ feed: address, ...(token === undefined ? {} : { feedToken: token }) },
    namespace: textOption(options, 'namespace') ?? env['POD_NAMESPACE'] ?? target.namespace,
    agentAccount: textOption(options, 'agentAccount') ?? '',
    lease: textOption(options, 'lease') ?? '',
    name: textOption(options, 'name') ?? env['POD_NAME'] ?? hostname(),
    onNotice: say,
  };
}

/** Runs a hub until it is told to stop. 0 after an ordered stop. */
export const hub: RunVerb = async (_words, options, context) => {
  const tls = tlsFiles(options);
  const told = optionsOf(options, context, tls);
  sweepRuntime(context.env);
  const running = await startHub(told);
  const where = formatFeedAddress(running.feed);
  const { feedToken } = told;
  const port = running.feed.type === 'tcp' && feedToken !== undefined ? running.feed.port : undefined;
  if (port !== undefined && feedToken !== undefined) writeToken(context.env, port, feedToken);
  context.say(`agents connect at port ${running.port}; feed at ${where}`);
  const stopFollowing = followCertificate(tls, running, context.say);
  void running.synced().then(
    () => context.say(`the cluster has been read: ${running.figures().entries} pods, Services and nodes`),
    () => undefined,
  );
  await context.interrupted;
  stopFollowing();
  await running.stop();
  told.api.close();
  if (port !== undefined) removeToken(context.env, port, feedToken ?? '');
  return 0;
};
