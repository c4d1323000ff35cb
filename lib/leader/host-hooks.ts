// What a fleet has to know of the leader of this host's group. It is attached to the context that `open` receives, under a
// key that all copies of the library share, since the fleet may come from another copy.

import type { OpenContext } from '../options/options.js';
import type { Clock } from '../utils/clock.js';

export interface HostHooks {
  readonly clock: Clock;
  /** The id of the primary's life, or of PM2's log: names the host. Unknown with a primary of an older release. */
  readonly life: string | undefined;
  readonly drainTimeoutMs: number;
  /** Whether this member holds its host's lease. */
  hasLease(now: number): boolean;
}

const HOOKS = Symbol.for('cluster-shared-client.host');

export function attachHostHooks(context: OpenContext, hooks: HostHooks): OpenContext {
  return Object.defineProperty(context, HOOKS, { value: hooks });
}

export const hostHooksOf = (context: OpenContext): HostHooks => (context as { [HOOKS]?: HostHooks })[HOOKS]!;
