// By which names people, agents and replicas find and trust the hub: those that installation gives. Data only.
import { caFile, names } from '../install/names.ts';

/** Where the authority is kept (Secret), and where its bundle is published (ConfigMap): one name for both. */
export const authorityName = names.ca;
/** Key of the ConfigMap, and so the file in agents' pods. */
export const bundleKey = caFile;
/** The APIService that sends people to the hub. */
export const apiServiceName = names.apiService;
/** The hub's Service, and the common name of each replica's certificate. */
export const hubName = names.hub;

/** What a replica of the hub is called: by the API server, by agents, by the other replica. */
export function hubNames(namespace: string): readonly string[] {
  const service = `${hubName}.${namespace}.svc`;
  return [hubName, `${hubName}.${namespace}`, service, `${service}.cluster.local`];
}
