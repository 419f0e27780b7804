// What a pod of the shop is told, and how it is written into its environment: one place for both ends.
import { z } from 'zod';
import { roles, serviceNames } from '../topology.ts';

const ordersSchema = z.object({
  role: z.enum(roles as [string, ...string[]]).transform((name) => name as (typeof roles)[number]),
  seed: z.int().min(0),
  /** Signs the shop's tokens. */
  secret: z.string().min(16),
  /** Where a service listens. */
  port: z.int().min(0).max(65_535),
  /** Base URL by callee. */
  urls: z.partialRecord(z.enum(serviceNames), z.url()),
  /** A caller's share of the requests per second. */
  rate: z.number().min(0),
  /** How long a job works; 0: until it is ended. */
  forSeconds: z.int().min(0),
});

/** What one pod of the shop is told. */
export type PodOrders = Readonly<z.infer<typeof ordersSchema>>;

/** The variable that holds them, as JSON. */
export const ordersVariable = 'APIDEFENSE_DEMO';

/** The orders as the value of `ordersVariable`. */
export const podOrdersText = (orders: PodOrders): string => JSON.stringify(orders);

/** Reads them back. @throws Error when the variable is missing or not what `podOrdersText` writes: our own bug. */
export function readPodOrders(env: NodeJS.ProcessEnv): PodOrders {
  return ordersSchema.parse(JSON.parse(env[ordersVariable] ?? 'null'));
}
