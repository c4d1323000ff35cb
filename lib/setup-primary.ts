// The primary's door.

import { currentHost } from './current-host.js';
import type { PrimaryOptions } from './options.js';
import type { Primary } from './primary-types.js';

/**
 * Makes this process, the primary of a cluster, appoint the leaders of its workers' groups. Call it in the master script,
 * before or after the forks. Called again with the same options or none, it returns the same object.
 *
 * @throws {SharedClientError} `ERR_INVALID_OPTION`: a wrong option, other options than before, or not a primary
 */
export function setupPrimary(options?: PrimaryOptions): Primary {
  return currentHost().setupPrimary(options);
}
