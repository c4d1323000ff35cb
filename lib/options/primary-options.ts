// The options of `setupPrimary()` and of PM2's `configure()`.

import { invalidOption } from '../errors/option-errors.js';
import { bytes, duration, functionOf, oneOf } from './checks.js';
import type { ChooseLeader } from './contexts.js';
import { type Complete, completeOptions, differingOption, type OptionTable, readOptions } from './option-table.js';

/** The options of {@link setupPrimary}. Durations are 1 to 2^31-1, or `Infinity`. */
export interface PrimaryOptions {
  /**
   * How often a leader sends a heartbeat, which shows that its event loop is not blocked, in ms.
   * @default 500
   */
  heartbeatMs?: number;
  /**
   * How long a leader may be silent before it is deposed, in ms; at least three heartbeats. Time during which the primary
   * itself was blocked does not count.
   * @default 3000
   */
  leaderTimeoutMs?: number;
  /**
   * What is done with a silent leader. `'kill'`: it receives SIGKILL, and its successor is appointed after it has exited,
   * so that there are never two real clients at once.
   * @default 'depose'
   */
  hungLeader?: 'depose' | 'kill';
  /**
   * Chooses the next leader. If it throws or returns a non-candidate, the default applies and a `warning` is emitted.
   * @default the member whose worker leads the fewest groups; of several, the youngest, because it stays longest in a
   * rolling restart
   */
  chooseLeader?: ChooseLeader;
  /**
   * The serialization of the channels to the workers. If set, the library calls `cluster.setupPrimary` with it.
   * @default that of the cluster
   */
  serialization?: 'json' | 'advanced';
  /**
   * How data is sent between a follower and the leader: through the primary, or over a socket between the two.
   * @default 'relay'
   */
  route?: 'relay' | 'direct';
  /**
   * How many bytes may wait in the primary for one worker that doesn't read; at least 1, or `Infinity`.
   * @default 67108864 (64 MiB)
   */
  maxQueuedBytes?: number;
  /**
   * How many bytes may wait in the primary for all workers together; at least 1, or `Infinity`.
   * @default 268435456 (256 MiB)
   */
  maxQueuedTotalBytes?: number;
}

const MIB = 1024 * 1024;
const HEARTBEATS_IN_A_LEASE = 3;

/** Without `chooseLeader` the library chooses the leader; without `serialization` the cluster's is used. */
export const PRIMARY_TABLE = {
  heartbeatMs: { check: duration, default: 500 },
  leaderTimeoutMs: { check: duration, default: 3000 },
  hungLeader: { check: oneOf('depose', 'kill'), default: 'depose' },
  chooseLeader: { check: functionOf<ChooseLeader>(), default: undefined },
  serialization: { check: oneOf('json', 'advanced'), default: undefined },
  route: { check: oneOf('relay', 'direct'), default: 'relay' },
  maxQueuedBytes: { check: bytes, default: 64 * MIB },
  maxQueuedTotalBytes: { check: bytes, default: 256 * MIB },
} as const satisfies OptionTable<PrimaryOptions>;

/** {@link PrimaryOptions}, checked, complete and frozen. */
export type ResolvedPrimaryOptions = Complete<typeof PRIMARY_TABLE>;

/**
 * Checks and completes the options of `setupPrimary()`.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolvePrimaryOptions(given?: PrimaryOptions): ResolvedPrimaryOptions {
  return withinLease(completeOptions(PRIMARY_TABLE, readOptions<PrimaryOptions>(given, PRIMARY_TABLE)));
}

/** Returns the options if a lease is long enough for the required number of heartbeats. */
export function withinLease<O extends Pick<ResolvedPrimaryOptions, 'heartbeatMs' | 'leaderTimeoutMs'>>(options: O): O {
  const least = HEARTBEATS_IN_A_LEASE * options.heartbeatMs;
  if (options.leaderTimeoutMs >= least) return options;
  throw invalidOption('leaderTimeoutMs', `at least three times heartbeatMs, ${least}`, options.leaderTimeoutMs);
}

/**
 * The first option of a later call of `setupPrimary()` that differs from the options of the first call.
 * @throws {SharedClientError} `ERR_INVALID_OPTION` for an invalid value
 */
export function differingPrimaryOption(first: ResolvedPrimaryOptions, given?: PrimaryOptions): string | undefined {
  return differingOption(first, { ...first, ...readOptions<PrimaryOptions>(given, PRIMARY_TABLE) });
}
