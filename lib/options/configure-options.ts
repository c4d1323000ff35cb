// The options of `configure()`.

import { bytes, duration, flag, functionOf, oneOf } from './checks.js';
import type { ChooseLeader } from './contexts.js';
import { type PrimaryOptions, resolvePrimaryOptions } from './primary-options.js';
import { type ChecksFor, readOptions } from './read-options.js';

/** What {@link configure} takes: what `setupPrimary()` takes and has a meaning under PM2, and what only has one there. */
export interface ConfigureOptions extends Omit<PrimaryOptions, 'hungLeader' | 'serialization' | 'route'> {
  /**
   * Under PM2 nobody can kill a leader that hangs, so this is all that it can be.
   * @default 'depose'
   */
  hungLeader?: 'depose';
  /**
   * Whether the leader, term, calls and failovers show in `pm2 show` and `pm2 monit`, where the app has `@pm2/io`.
   * @default true
   */
  metrics?: boolean;
  /**
   * Whether data may go over PM2's bus where a worker can't connect to the leader's socket. All apps of the daemon can
   * read it there, and what PM2 itself sends elsewhere of its bus.
   * @default false
   */
  busData?: boolean;
}

/** {@link ConfigureOptions}, checked, complete and frozen. */
export interface ResolvedConfigureOptions {
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  readonly chooseLeader: ChooseLeader | undefined;
  readonly maxQueuedBytes: number;
  readonly maxQueuedTotalBytes: number;
  readonly metrics: boolean;
  readonly busData: boolean;
}

const CHECKS: ChecksFor<ConfigureOptions> = {
  heartbeatMs: duration,
  leaderTimeoutMs: duration,
  chooseLeader: functionOf<ChooseLeader>(),
  hungLeader: oneOf('depose'),
  maxQueuedBytes: bytes,
  maxQueuedTotalBytes: bytes,
  metrics: flag,
  busData: flag,
};

/**
 * Checks and completes what `configure()` was given.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolveConfigureOptions(given?: ConfigureOptions): ResolvedConfigureOptions {
  const { metrics = true, busData = false, ...rest } = readOptions<ConfigureOptions>(given, CHECKS);
  const { heartbeatMs, leaderTimeoutMs, chooseLeader, maxQueuedBytes, maxQueuedTotalBytes } =
    resolvePrimaryOptions(rest);
  return Object.freeze({
    heartbeatMs,
    leaderTimeoutMs,
    chooseLeader,
    maxQueuedBytes,
    maxQueuedTotalBytes,
    metrics,
    busData,
  });
}

/** The first option in which two differ. */
export function differingConfigureOption(
  first: ResolvedConfigureOptions,
  later: ResolvedConfigureOptions,
): string | undefined {
  return (Object.keys(first) as (keyof ResolvedConfigureOptions)[]).find(option => first[option] !== later[option]);
}
