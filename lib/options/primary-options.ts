// The options of `setupPrimary()` and of PM2's `configure()`.

import { invalidOption } from '../errors/option-errors.js';
import { bytes, duration, functionOf, oneOf } from './checks.js';
import type { ChooseLeader } from './contexts.js';
import { type Complete, completeOptions, differingOption, type OptionTable, readOptions } from './option-table.js';

/** What {@link setupPrimary} takes. Durations are 1 to 2^31-1, or `Infinity`. */
export interface PrimaryOptions {
  /**
   * How often a worker that leads shows that its event loop turns, in ms.
   * @default 500
   */
  heartbeatMs?: number;
  /**
   * The silence after which a leader is deposed, in ms; at least three heartbeats. Counts only the primary's own running time.
   * @default 3000
   */
  leaderTimeoutMs?: number;
  /**
   * What becomes of a leader that fell silent. `'kill'`: it gets SIGKILL, and its successor is appointed
   * when the kernel reports its exit, so that two real clients never live at once.
   * @default 'depose'
   */
  hungLeader?: 'depose' | 'kill';
  /**
   * Who leads next. Where it throws or returns somebody else, the default chooses and a `warning` says so.
   * @default who leads the fewest groups, then the youngest, because it outlives a rolling restart
   */
  chooseLeader?: ChooseLeader;
  /**
   * The serialization of the channels to the workers. Where given, the library calls `cluster.setupPrimary` with it.
   * @default what the cluster has
   */
  serialization?: 'json' | 'advanced';
  /**
   * The way data frames travel between a follower and the leader: through the primary, or on a socket between the two.
   * @default 'relay'
   */
  route?: 'relay' | 'direct';
  /**
   * What may wait in the primary for one worker that doesn't read, in bytes; at least 1, or `Infinity`.
   * @default 67108864 (64 MiB)
   */
  maxQueuedBytes?: number;
  /**
   * What may wait in the primary for all workers, in bytes; at least 1, or `Infinity`.
   * @default 268435456 (256 MiB)
   */
  maxQueuedTotalBytes?: number;
}

const MIB = 1024 * 1024;
const HEARTBEATS_IN_A_LEASE = 3;

/** No default: the library chooses the leader, and the serialization is what the cluster has. */
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
 * Checks and completes what `setupPrimary()` was given.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolvePrimaryOptions(given?: PrimaryOptions): ResolvedPrimaryOptions {
  return withinLease(completeOptions(PRIMARY_TABLE, readOptions<PrimaryOptions>(given, PRIMARY_TABLE)));
}

/** Returns the options if a lease has room for enough heartbeats. */
export function withinLease<O extends Pick<ResolvedPrimaryOptions, 'heartbeatMs' | 'leaderTimeoutMs'>>(options: O): O {
  const least = HEARTBEATS_IN_A_LEASE * options.heartbeatMs;
  if (options.leaderTimeoutMs >= least) return options;
  throw invalidOption('leaderTimeoutMs', `at least three times heartbeatMs, ${least}`, options.leaderTimeoutMs);
}

/**
 * The first option that a later call of `setupPrimary()` gave and that differs from what the first call had.
 * @throws {SharedClientError} `ERR_INVALID_OPTION` for a value that no call may give
 */
export function differingPrimaryOption(first: ResolvedPrimaryOptions, given?: PrimaryOptions): string | undefined {
  return differingOption(first, { ...first, ...readOptions<PrimaryOptions>(given, PRIMARY_TABLE) });
}
