// The options of `setupPrimary()` and of PM2's `configure()`.

import { invalidOption } from '../errors/errors.js';
import { bytes, duration, functionOf, oneOf } from './checks.js';
import type { ChooseLeader } from './contexts.js';
import { type ChecksFor, readOptions } from './read-options.js';

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

/** {@link PrimaryOptions}, checked, complete and frozen. */
export interface ResolvedPrimaryOptions {
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  readonly hungLeader: 'depose' | 'kill';
  /** `undefined`: the library's own choice. */
  readonly chooseLeader: ChooseLeader | undefined;
  /** `undefined`: what the cluster has. */
  readonly serialization: 'json' | 'advanced' | undefined;
  readonly route: 'relay' | 'direct';
  readonly maxQueuedBytes: number;
  readonly maxQueuedTotalBytes: number;
}

const MIB = 1024 * 1024;
const HEARTBEATS_IN_A_LEASE = 3;

const DEFAULTS: ResolvedPrimaryOptions = {
  heartbeatMs: 500,
  leaderTimeoutMs: 3000,
  hungLeader: 'depose',
  chooseLeader: undefined,
  serialization: undefined,
  route: 'relay',
  maxQueuedBytes: 64 * MIB,
  maxQueuedTotalBytes: 256 * MIB,
};

const CHECKS: ChecksFor<PrimaryOptions> = {
  heartbeatMs: duration,
  leaderTimeoutMs: duration,
  hungLeader: oneOf('depose', 'kill'),
  chooseLeader: functionOf<ChooseLeader>(),
  serialization: oneOf('json', 'advanced'),
  route: oneOf('relay', 'direct'),
  maxQueuedBytes: bytes,
  maxQueuedTotalBytes: bytes,
};

/**
 * Checks and completes what `setupPrimary()` was given.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolvePrimaryOptions(options?: PrimaryOptions): ResolvedPrimaryOptions {
  const resolved = { ...DEFAULTS, ...readOptions<PrimaryOptions>(options, CHECKS) };
  const least = HEARTBEATS_IN_A_LEASE * resolved.heartbeatMs;
  if (resolved.leaderTimeoutMs < least) {
    const expected = `at least three times heartbeatMs, ${least}`;
    throw invalidOption('leaderTimeoutMs', expected, resolved.leaderTimeoutMs);
  }
  return Object.freeze(resolved);
}

/**
 * The first option that a later call of `setupPrimary()` gave and that differs from what the first call had.
 * @throws {SharedClientError} `ERR_INVALID_OPTION` for a value that no call may give
 */
export function differingPrimaryOption(first: ResolvedPrimaryOptions, given?: PrimaryOptions): string | undefined {
  const later = { ...first, ...readOptions<PrimaryOptions>(given, CHECKS) };
  return (Object.keys(first) as (keyof ResolvedPrimaryOptions)[]).find(option => first[option] !== later[option]);
}
