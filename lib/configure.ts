// Entry point of configure(): primary options for workers under PM2.

import type { ConfigureOptions } from './options/options.js';
import { currentRuntime } from './runtime/current-runtime.js';

/**
 * Sets for this worker of PM2's cluster mode what `setupPrimary()` sets elsewhere; call it before the first client.
 * The leader's values apply. If another worker has other values, both emit a `warning`.
 * Outside PM2 the options are checked, and nothing else happens.
 *
 * @throws {SharedClientError} `ERR_INVALID_OPTION`: a wrong option, or others than what is in force already
 */
export function configure(options: ConfigureOptions): void {
  currentRuntime().configure(options);
}
