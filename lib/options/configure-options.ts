// The options of `configure()`.

import { flag, oneOf } from './checks.js';
import { type Complete, completeOptions, type OptionTable, readOptions } from './option-table.js';
import { PRIMARY_TABLE, type PrimaryOptions, withinLease } from './primary-options.js';

/** The options of {@link configure}: those of `setupPrimary()` that apply under PM2, and those that apply only there. */
export interface ConfigureOptions extends Omit<PrimaryOptions, 'hungLeader' | 'serialization' | 'route'> {
  /**
   * The only possible value, because no worker can kill a leader under PM2.
   * @default 'depose'
   */
  hungLeader?: 'depose';
  /**
   * Whether `pm2 show` and `pm2 monit` show the leader, term, calls and failovers, if the app has `@pm2/io`.
   * @default true
   */
  metrics?: boolean;
  /**
   * Whether data may be sent over PM2's bus if a worker can't connect to the leader's socket. All apps of the daemon can
   * read it there, and so can every service that PM2 forwards its bus to.
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
 * Checks and completes the options of `configure()`.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolveConfigureOptions(given?: ConfigureOptions): ResolvedConfigureOptions {
  return withinLease(completeOptions(TABLE, readOptions<ConfigureOptions>(given, TABLE)));
}
