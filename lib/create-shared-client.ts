// The worker's door.

import type { CreateSharedClient } from './client/types.js';
import { currentRuntime } from './runtime/current-runtime.js';

/**
 * A handle on the group's one real client, wherever it lives. See {@link CreateSharedClient} for both forms.
 */
export const createSharedClient: CreateSharedClient = (first: unknown, second?: unknown) =>
  currentRuntime().createSharedClient(first, second) as never;
