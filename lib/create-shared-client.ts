// Entry point of the workers.

import type { CreateSharedClient } from './client/types.js';
import { currentRuntime } from './runtime/current-runtime.js';

/**
 * Creates a handle for the group's shared real client, in whichever worker it is. See {@link CreateSharedClient} for both
 * forms.
 */
export const createSharedClient: CreateSharedClient = (first: unknown, second?: unknown) =>
  currentRuntime().createSharedClient(first, second) as never;
