// The `cluster` function of this process. All copies of the library share the same groups.

import { share } from '../client/shared.js';
import { createSharedClient } from '../create-shared-client.js';
import { invalidOption } from '../errors/option-errors.js';
import { ClientGenerator } from './client-generator.js';
import { CompatGroups } from './groups.js';
import { CLOSE } from './symbols.js';
import type { ClusterOptions, RealClass } from './types.js';

/** Configures a client of a class: `delegate` and `override` define its methods, `create` creates it. */
export function generate<C extends RealClass>(Class: C, options?: ClusterOptions): ClientGenerator<C> {
  const groups = share('compat', () => new CompatGroups(createSharedClient));
  return new ClientGenerator(Class, options, groups);
}

/**
 * Closes a client; resolves when that is done. After the last one of its name in this process, the member leaves the group.
 */
export function close(client: object): Promise<void> {
  const end = (client as { [CLOSE]?: () => Promise<void> })?.[CLOSE];
  if (typeof end !== 'function')
    throw invalidOption('[cluster#close] client', 'a client that cluster() created', client);
  return Reflect.apply(end, client, []);
}
