// Entry point of fleets on PostgreSQL.

import { type PostgresConnect, postgresEngine, tableStatement } from './engines/postgres-engine.js';
import { FleetOnEngine } from './fleet/fleet.js';
import { expecting, flag, functionOf } from './options/checks.js';
import { type Fleet, type FleetOptions, resolveFleetOptions } from './options/options.js';

export type { PostgresConnect, PostgresDefaults } from './engines/postgres-engine.js';
export type { FleetOptions } from './options/options.js';
export type * from './options/types-fleet.js';

/** The options of {@link postgresFleet}. */
export interface PostgresFleetOptions extends FleetOptions {
  /**
   * Connects to PostgreSQL and returns a connected `Client` of `pg`, not a pool:
   * `async defaults => { const client = new Client({ connectionString, ...defaults }); await client.connect(); return client; }`.
   * Called only in the worker that leads a group of its host, once for all its groups, and again if the connection is lost.
   * `defaults` has what a fleet needs: short timeouts.
   */
  connect: PostgresConnect;
  /**
   * The table, with its schema if needed: `name` or `schema.name`. Several fleets may share it.
   * @default `'cluster_shared_client_fleet'`
   */
  table?: string;
  /**
   * Whether the table is created if it is missing. If not, run the statement that {@link fleetTable} returns.
   * @default true
   */
  createTable?: boolean;
}

type Own = Pick<PostgresFleetOptions, 'connect' | 'table' | 'createTable'>;

const TABLE = 'cluster_shared_client_fleet';

const tableName = expecting(
  "a name such as 'leaders' or 'ops.leaders'",
  (value): value is string => typeof value === 'string' && /^[^.\0]{1,63}(?:\.[^.\0]{1,63})?$/.test(value),
);

const connectFunction = functionOf<PostgresConnect>();

/**
 * A fleet on PostgreSQL: all hosts that use the same `name` and table of one database.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function postgresFleet(options: PostgresFleetOptions): Fleet {
  const { common, own } = resolveFleetOptions<Own>(options, {
    connect: { check: connectFunction, default: undefined },
    table: { check: tableName, default: TABLE },
    createTable: { check: flag, default: true },
  });
  const { table = TABLE, createTable = true } = own;
  const connect = connectFunction('connect', own.connect);
  return new FleetOnEngine(postgresEngine({ name: common.name, connect, table, createTable }), common);
}

/**
 * The statement that creates the table of fleets. A user that does not create it needs the rights to select from it, insert
 * into it and update it.
 * @param table as the option `table`
 */
export const fleetTable = (table: string = TABLE): string => tableStatement(tableName('table', table));
