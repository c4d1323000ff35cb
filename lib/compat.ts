// The public names of the replacement for cluster-client.

import { APIClientBase } from './compat/api-client-base.js';
import { close, generate } from './compat/cluster.js';

export type { APIClientOptions, ClusterFunction, InnerClient } from './compat/api-client-base.js';
export type { ClientGenerator } from './compat/client-generator.js';
export type {
  ClusterOptions,
  CompatClient,
  DelegateKind,
  Delegates,
  GeneratorCall,
  Invoked,
  Logger,
  RealClass,
  Transcode,
} from './compat/types.js';

/** `cluster(ClientClass, options)`, with `cluster.close(client)` and `cluster.APIClientBase`. */
const cluster = Object.assign(generate, { close, APIClientBase });

// The last is what `require()` returns.
export { APIClientBase, close, cluster as default, cluster as 'module.exports' };
