// Which service is which program, loaded only in the process that runs it. A new service is one row here, one in the
// topology and one file beside this.
import type { ServiceName } from '../topology.ts';
import type { Service } from './context.ts';

/** Every service by name, loaded only in the process that runs it. */
export const services: Readonly<Record<ServiceName, () => Promise<Service>>> = {
  storefront: async () => (await import('./storefront.ts')).storefront,
  catalog: async () => (await import('./catalog.ts')).catalog,
  cart: async () => (await import('./cart.ts')).cart,
  orders: async () => (await import('./orders.ts')).orders,
  payments: async () => (await import('./payments.ts')).payments,
  users: async () => (await import('./users.ts')).users,
  'legacy-v1': async () => (await import('./legacy-v1.ts')).legacyV1,
  notifications: async () => (await import('./notifications.ts')).notifications,
};
