// Entry point of the primary.

import type { PrimaryOptions } from './options/options.js';
import type { Primary } from './router/primary-types.js';
import { currentRuntime } from './runtime/current-runtime.js';

/**
 * Makes this process, the primary of a cluster, appoint the leaders of its workers' groups. Call it in the master script,
 * before or after the forks. Called again with the same options or none, it returns the same object.
 *
 * @throws {SharedClientError} `ERR_INVALID_OPTION`: an invalid option, other options than before, or not a primary
 */
export function setupPrimary(options?: PrimaryOptions): Primary {
  return currentRuntime().setupPrimary(options) as Primary;
}
