// The authority's state and its bundle in the API server: one Secret, one ConfigMap, the APIService. Every write carries the
// resourceVersion that was read and is never forced, so of two that write at once one loses and takes what the other wrote.
import { AppError } from '../../../core/model/app-error.ts';
import type { AuthorityState } from '../../../core/trust/authority.ts';
import { authorityTexts, readAuthority, type SecretTexts } from '../../../core/trust/authority-data.ts';
import { apiServiceName, authorityName, bundleKey } from '../../../core/trust/trust-names.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { fieldOf, isRecord, textOf, textsOf, type KubeObject } from '../api/kube-object.ts';
import { apiVersionOf, kinds, type ResourceKind } from '../api/resource-kind.ts';

/** What stands in the API server now. */
export interface AuthorityObjects {
  readonly state: AuthorityState | undefined;
  readonly published: string;
  readonly caBundle: string | undefined;
  /** @throws AppError KUBE_CONFLICT when the Secret is not the one that was read. */
  store(state: AuthorityState): Promise<void>;
  /** Writes what differs of ConfigMap and APIService. @throws AppError KUBE_CONFLICT as above. */
  publish(bundle: string): Promise<void>;
}

const fromBase64 = (data: Readonly<Record<string, string>>): SecretTexts =>
  Object.fromEntries(
    Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64').toString('utf8')]),
  );

const toBase64 = (text: string): string => Buffer.from(text).toString('base64');

const secretTexts = (secret: KubeObject): SecretTexts => fromBase64(textsOf(secret.raw['data']));

/** Lists and single objects of built-in kinds come with apiVersion and kind; what is written must have them whatever was read. */
const whole = (resource: ResourceKind, { raw, meta }: KubeObject, data: SecretTexts) => {
  const { name, namespace, resourceVersion } = meta;
  // Labels, owners and the like are given back as they were read.
  const metadata = { ...(isRecord(raw['metadata']) ? raw['metadata'] : {}), name, resourceVersion };
  return {
    ...raw,
    ...{ apiVersion: apiVersionOf(resource), kind: resource.kind, data },
    metadata: namespace === undefined ? metadata : { ...metadata, namespace },
  };
};

/** Where the API is not aggregated there is no APIService. */
async function readApiService(api: KubeApi): Promise<KubeObject | undefined> {
  try {
    return await api.get(kinds.apiServices, { name: apiServiceName });
  } catch (error) {
    if (error instanceof AppError && ['KUBE_NOT_FOUND', 'KUBE_FORBIDDEN'].includes(error.code))
      return undefined;
    throw error;
  }
}

function bundleIn(service: KubeObject | undefined): string | undefined {
  if (service === undefined) return undefined;
  return Buffer.from(textOf(fieldOf(service.raw['spec'], 'caBundle')) ?? '', 'base64').toString('utf8');
}

/** The state alone: for a replica that does not lead. @throws AppError when the Secret is missing or unreadable. */
export async function readAuthorityState(
  api: KubeApi,
  namespace: string,
): Promise<AuthorityState | undefined> {
  return readAuthority(secretTexts(await api.get(kinds.secrets, { namespace, name: authorityName })));
}

/** Reads all three. @throws AppError when Secret or ConfigMap is missing: install makes them. */
export async function readAuthorityObjects(api: KubeApi, namespace: string): Promise<AuthorityObjects> {
  const name = { namespace, name: authorityName };
  const secret = await api.get(kinds.secrets, name);
  const configMap = await api.get(kinds.configMaps, name);
  const service = await readApiService(api);
  const [published, caBundle] = [textsOf(configMap.raw['data'])[bundleKey] ?? '', bundleIn(service)];
  return {
    state: readAuthority(secretTexts(secret)),
    ...{ published, caBundle },
    async store(state) {
      const texts = Object.entries(authorityTexts(state));
      const data = Object.fromEntries(texts.map(([key, text]) => [key, toBase64(text)]));
      await api.replace(kinds.secrets, whole(kinds.secrets, secret, data));
    },
    async publish(bundle) {
      const data = { ...textsOf(configMap.raw['data']), [bundleKey]: bundle };
      if (published !== bundle) await api.replace(kinds.configMaps, whole(kinds.configMaps, configMap, data));
      if (service === undefined || caBundle === bundle) return;
      const { resourceVersion } = service.meta;
      const patch = { metadata: { resourceVersion }, spec: { caBundle: toBase64(bundle) } };
      await api.patch(kinds.apiServices, { name: apiServiceName }, patch);
    },
  };
}
