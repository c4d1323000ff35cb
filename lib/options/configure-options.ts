// The options of `configure()`.

import { flag, oneOf } from './checks.js';
import { type Complete, completeOptions, type OptionTable, readOptions } from './option-table.js';
import { PRIMARY_TABLE, type PrimaryOptions, withinLease } from './primary-options.js';

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

const { serialization: _, route: __, ...SHARED } = PRIMARY_TABLE;

const TABLE = {
  ...SHARED,
  hungLeader: { check: oneOf('depose'), default: 'depose' },
  metrics: { check: flag, default: true },
  busData: { check: flag, default: false },
} as const satisfies OptionTable<ConfigureOptions>;

/** {@link ConfigureOptions}, checked, complete and frozen. */
export type ResolvedConfigureOptions = Complete<typeof TABLE>;

/**
 * Checks and completes what `configure()` was given.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolveConfigureOptions(given?: ConfigureOptions): ResolvedConfigureOptions {
  return withinLease(completeOptions(TABLE, readOptions<ConfigureOptions>(given, TABLE)));
}
