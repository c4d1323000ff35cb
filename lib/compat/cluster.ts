// `cluster` of this process: all copies of the library have the same groups.

import { share } from '../client/shared.js';
import { createSharedClient } from '../create-shared-client.js';
import { invalidOption } from '../errors/errors.js';
import { ClientGenerator } from './client-generator.js';
import { CompatGroups } from './groups.js';
import { CLOSE } from './symbols.js';
import type { ClusterOptions, RealClass } from './types.js';

/** Begins a client of a class: `delegate` and `override` say what its methods do, `create` makes it. */
export function generate<C extends RealClass>(Class: C, options?: ClusterOptions): ClientGenerator<C> {
  const groups = share('compat', () => new CompatGroups(createSharedClient));
  return new ClientGenerator(Class, options, groups);
}

/** Closes a client; resolves once that is done. With the last of its name in this process the member leaves. */
export function close(client: object): Promise<void> {
  const end = (client as { [CLOSE]?: () => Promise<void> })?.[CLOSE];
  if (typeof end !== 'function')
    throw invalidOption('[cluster#close] client', 'a client that cluster() created', client);
  return Reflect.apply(end, client, []);
}
