// The door to what a primary would be told, where there is none of ours.

import type { ConfigureOptions } from './options/options.js';
import { currentRuntime } from './runtime/current-runtime.js';

/**
 * Sets for this worker of PM2's cluster mode what `setupPrimary()` sets elsewhere; call it before the first client.
 * The leader's values are in force; where another worker has others, both are told by a `warning`.
 * Outside PM2 the options are checked, and nothing else happens.
 *
 * @throws {SharedClientError} `ERR_INVALID_OPTION`: a wrong option, or others than what is in force already
 */
export function configure(options: ConfigureOptions): void {
  currentRuntime().configure(options);
}
