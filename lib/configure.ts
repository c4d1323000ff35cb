// Entry point of configure(): primary options for workers under PM2.

import type { ConfigureOptions } from './options/options.js';
import { currentRuntime } from './runtime/current-runtime.js';

/**
 * Under PM2's cluster mode, sets the options that `setupPrimary()` sets elsewhere. Call it before the first client. The
 * leader's values apply. If another worker has other values, both emit a `warning`. Outside PM2 the options are only
 * checked.
 *
 * @throws {SharedClientError} `ERR_INVALID_OPTION`: an invalid option, or other options than before
 */
export function configure(options: ConfigureOptions): void {
  currentRuntime().configure(options);
}
