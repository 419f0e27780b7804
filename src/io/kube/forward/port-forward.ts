// A port of a pod as a stream, through the API server and the kubelet: what `kubectl port-forward` does, in the WebSocket form that every
// supported version speaks (v4.channel.k8s.io: a byte says which channel, the first two bytes on each are the port). Knows nobody who uses it.
import { Duplex } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { AppError } from '../../../core/model/app-error.ts';
import { headOf } from '../api/answer-head.ts';
import { json } from '../api/kube-client.ts';
import { readStatus } from '../api/kube-object.ts';
import type { Dialling } from '../api/kube-transport.ts';
import { refusalError, type Asked } from '../api/refusal.ts';
import { kinds, objectPath } from '../api/resource-kind.ts';

/** Which port of which pod. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

const protocol = 'v4.channel.k8s.io';
const dataChannel = 0;
const errorChannel = 1;
/** The port's number begins each channel. */
const portBytes = 2;
/** The kubelet sends 32 KiB at a time. */
const frameBytes = 1024 * 1024;
const handshakeMs = 10_000;

const broken = ({ namespace, pod, port }: PodPort, why: string): AppError =>
  new AppError({
    code: 'KUBE_PORT_FORWARD',
    family: 'unavailable',
    message: `The way to port ${port} of the pod ${namespace}/${pod} ended: ${why.trim().replace(/\.$/, '')}.`,
    hint: 'It is tried again; "kubectl get pods" says whether the pod is there and ready.',
  });

async function refusedBy(dialling: Dialling, asked: Asked, response: IncomingMessage): Promise<AppError> {
  const status = readStatus(json(await headOf(response)));
  return refusalError({ asked, server: dialling.server, httpStatus: response.statusCode ?? 0, status });
}

/** Channels in, bytes out and the other way round; never more than one frame ahead of who reads. */
class PodStream extends Duplex {
  readonly #socket: WebSocket;
  readonly #place: PodPort;
  /** Bytes of the port's number still to come on each channel. */
  readonly #ahead = [portBytes, portBytes];
  #complaint = '';

  constructor(socket: WebSocket, place: PodPort) {
    super();
    this.#socket = socket;
    this.#place = place;
    socket.on('message', (data) => this.#take(data));
    socket.on('error', (error) => this.destroy(broken(place, error.message)));
    socket.on('close', () => this.#ended());
  }

  #take(data: unknown): void {
    if (!Buffer.isBuffer(data) || data.length === 0) return;
    const channel = data[0] ?? dataChannel;
    const ahead = this.#ahead[channel];
    if (ahead === undefined) return;
    const skipped = Math.min(ahead, data.length - 1);
    this.#ahead[channel] = ahead - skipped;
    const bytes = data.subarray(1 + skipped);
    if (bytes.length === 0) return;
    if (channel === errorChannel)
      this.#complaint = `${this.#complaint}${bytes.toString('utf8')}`.slice(0, 512);
    else if (!this.push(bytes)) this.#socket.pause();
  }

  #ended(): void {
    if (this.#complaint === '') this.push(null);
    else this.destroy(broken(this.#place, this.#complaint));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.send(Buffer.concat([Buffer.of(dataChannel), chunk]), (error) => done(error ?? null));
  }

  override _final(done: () => void): void {
    // There is no half-close in this protocol.
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.terminate();
    done(error);
  }
}

/**
 * Opens it.
 * @throws AppError KUBE_FORBIDDEN without `create pods/portforward`, and what else the API server refuses; KUBE_PORT_FORWARD when it cannot
 * be opened. Later errors are the stream's.
 */
export async function forwardToPod(dialling: Dialling, place: PodPort): Promise<Duplex> {
  const { namespace, pod, port } = place;
  const path = objectPath(kinds.pods, { namespace, name: pod });
  const asked: Asked = {
    ...{ verb: 'create', resource: kinds.pods, subresource: 'portforward', namespace },
  };
  const socket = new WebSocket(
    `${dialling.server.replace(/^http/, 'ws')}${path}/portforward?ports=${port}`,
    protocol,
    {
      ...{ ...dialling.tls, ALPNProtocols: ['http/1.1'], headers: dialling.headers, agent: dialling.agent },
      ...{ handshakeTimeout: handshakeMs, perMessageDeflate: false, maxPayload: frameBytes },
    },
  );
  return new Promise((resolve, reject) => {
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      refusedBy(dialling, asked, response)
        .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
        .then(reject, reject)
        .finally(() => socket.terminate());
    });
    socket.once('error', (error) => reject(broken(place, error.message)));
    // In the turn in which it opens, so that no frame is missed.
    socket.once('open', () => resolve(new PodStream(socket, place)));
  });
}
