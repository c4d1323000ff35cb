// The worker that leads the group of its host joins the fleet, instead of opening the real client.

import type { FleetAccess, MemberOptions } from '../options/options.js';
import { type AsyncContext, captureContext } from '../utils/async-context.js';
import type { HostHooks } from './host-hooks.js';
import type { Opening, RealClientHandlers } from './real-client.js';
import type { ServedClient } from './served-client.js';

/** What a fleet is given to take part for a host. */
export interface HostedGroup {
  readonly options: MemberOptions;
  /** The term in which this worker leads its host. */
  readonly term: number;
  readonly hooks: HostHooks;
  readonly handlers: RealClientHandlers;
  /** Where what the library does on its own runs. */
  readonly context: AsyncContext;
}

export function joinFleet(across: FleetAccess, group: Omit<HostedGroup, 'context'>): Opening {
  const context = captureContext();
  // In a later turn: connecting runs code of the application, which may close the client.
  const ready = Promise.resolve().then(() => across.join({ ...group, context } as never) as ServedClient);
  const close = (client: ServedClient) => client.close();
  return { ready, abandon: () => ready.then(close, () => {}) };
}
