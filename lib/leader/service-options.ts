// The options of a leader's service, shared by its parts.

import type { Served } from '../metrics/served.js';
import type { MemberOptions } from '../options/options.js';
import type { AsyncContext } from '../utils/async-context.js';
import type { Clock } from '../utils/clock.js';
import type { Sender } from './sender.js';
import type { ServedClient } from './served-client.js';

export interface ServiceOptions {
  readonly term: number;
  readonly client: ServedClient;
  readonly options: MemberOptions;
  readonly sender: Sender;
  readonly clock: Clock;
  /** The leader's own worker. */
  readonly self: number;
  /** Counts the calls that ran. */
  readonly served: Served;
  /** The context in which a call of the leader's own worker was made. */
  contextOf(id: number): AsyncContext | undefined;
  /** Whether this leader holds its lease at `now`. */
  hasLease(now: number): boolean;
  /** Receives errors that belong to no call and no subscriber. */
  report(error: unknown): void;
  /** A problem with the real client needs attention. */
  warn(text: string): void;
}
