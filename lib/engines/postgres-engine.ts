// The engine of a fleet on PostgreSQL: one table, and two statements. Imports only types of `pg`.

import type { Client, ClientConfig } from 'pg';
import {
  noConnection,
  noDatabase,
  noRights,
  poolGiven,
  readOnlyServer,
  tableMissing,
  tableRefused,
  wrongCredentials,
} from '../errors/engine-errors.js';
import { commitsAsynchronously, notAnswered } from '../errors/fleet-warnings.js';
import type { Engine, Register, Wire, WireHandlers } from '../fleet/engine.js';
import { systemClock } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';

/** Options of a client of `pg` that a fleet needs, for `connect()` to pass on. Durations in ms. */
export interface PostgresDefaults {
  readonly connectionTimeoutMillis: number;
  readonly query_timeout: number;
  readonly keepAlive: boolean;
  readonly application_name: string;
}

const DEFAULTS: PostgresDefaults = Object.freeze({
  connectionTimeoutMillis: 2000,
  query_timeout: 2000,
  keepAlive: true,
  application_name: 'cluster-shared-client',
} satisfies ClientConfig);

/** Connects to PostgreSQL with the options that it is given, and its own. */
export type PostgresConnect = (defaults: PostgresDefaults) => Promise<Client>;

export interface PostgresEngineOptions {
  /** The name of the fleet. */
  readonly name: string;
  readonly connect: PostgresConnect;
  readonly table: string;
  readonly createTable: boolean;
}

/** How long an operation waits for its answer, in ms, even if the client has no `query_timeout`. */
const TIMEOUT_MS = 2000;

type Rows = readonly Record<string, unknown>[];

const SERIALIZATION_FAILURE = '40001';

/** How long the client has to say goodbye. */
const END_MS = 1000;

/** The statement that creates the table. */
export const tableStatement = (table: string): string =>
  `create table if not exists ${quoted(table)} (fleet text, key text, revision bigint not null, record text not null, ` +
  'primary key (fleet, key))';

/** Each part of a name such as `schema.table` in quotes. */
const quoted = (table: string): string =>
  table
    .split('.')
    .map(part => `"${part.replaceAll('"', '""')}"`)
    .join('.');

export function postgresEngine(options: PostgresEngineOptions): Engine {
  return {
    async connect(handlers) {
      const client = await openClient(options);
      const wire = new PostgresWire(client, options, handlers);
      try {
        await wire.prepare();
        return wire;
      } catch (error) {
        await wire.close();
        throw explained(error, options.table);
      }
    },
  };
}

async function openClient({ connect, table }: PostgresEngineOptions): Promise<Client> {
  let client: Client;
  try {
    client = await connect(DEFAULTS);
  } catch (error) {
    throw explained(error, table);
  }
  if (typeof client?.query !== 'function' || typeof client.end !== 'function')
    throw noConnection('a connected Client of pg', client);
  if ('totalCount' in client) {
    // It would keep the process alive.
    await client.end().catch(() => {});
    throw poolGiven();
  }
  return client;
}

/** The error for a state that somebody has to do something about, by PostgreSQL's code. */
function explained(error: unknown, table: string): unknown {
  switch (codeOf(error)) {
    case '28P01':
    case '28000':
      return wrongCredentials('PostgreSQL', error);
    case '3D000':
      return noDatabase(error);
    case '25006':
      return readOnlyServer(error);
    case '42501':
      return noRights('PostgreSQL', error);
    case '42P01':
    case '3F000':
      return tableMissing(table, error);
    case '22P02':
    case '42703':
    case '42883':
    case '42P10':
    case '42809':
      return tableRefused(table, error);
    default:
      return error;
  }
}

class PostgresWire implements Wire {
  readonly announces = false;
  readonly register: Register;
  readonly #client: Client;
  readonly #options: PostgresEngineOptions;
  readonly #handlers: WireHandlers;
  #isOver = false;
  /** Ends with the last statement so far. */
  #turn: Promise<void> = Promise.resolve();

  constructor(client: Client, options: PostgresEngineOptions, handlers: WireHandlers) {
    this.#client = client;
    this.#options = options;
    this.#handlers = handlers;
    // Without a listener an error would end the process. It stays for the client's whole life.
    client.on('error', () => this.#lose());
    client.on('end', () => this.#lose());
    this.register = this.#createRegister();
  }

  /** Creates the table, unless it is there, and looks whether it can be used. */
  async prepare(): Promise<void> {
    const { table, createTable } = this.#options;
    if (createTable && !(await this.#exists())) await this.#createTable(tableStatement(table));
    await this.#ask(this.#statements.read, ['', '']);
    // As a write does, on a row that does not exist: it changes nothing, and tells whether writing is allowed.
    await this.#ask(this.#statements.write, ['', '', '', -1]);
    const [row] = await this.#ask('show synchronous_commit', []);
    if (row?.synchronous_commit === 'off') this.#handlers.warn(commitsAsynchronously());
  }

  announce(): void {}

  listen(): () => void {
    return () => {};
  }

  close(): Promise<void> {
    this.#isOver = true;
    return end(this.#client);
  }

  async #exists(): Promise<boolean> {
    const [row] = await this.#ask('select to_regclass($1) is not null as exists', [quoted(this.#options.table)]);
    return row?.exists === true;
  }

  async #createTable(statement: string): Promise<void> {
    try {
      await this.#ask(statement, []);
    } catch (error) {
      // Another host has created it at the same moment.
      const code = codeOf(error);
      if (code !== '23505' && code !== '42P07' && code !== '42710') throw error;
    }
  }

  get #statements() {
    const table = quoted(this.#options.table);
    return {
      read: `select revision, record from ${table} where fleet = $1 and key = $2`,
      write:
        `with changed as (update ${table} set record = $3, revision = revision + 1 ` +
        'where fleet = $1 and key = $2 and revision = $4::bigint returning revision), ' +
        `added as (insert into ${table} (fleet, key, record, revision) select $1, $2, $3, 1 where $4::bigint = 0 ` +
        // Without that key in the table the server refuses this: each of two first claims would be written.
        'on conflict (fleet, key) do nothing returning revision) ' +
        'select revision from changed union all select revision from added',
    };
  }

  #createRegister(): Register {
    const { name } = this.#options;
    const { read, write } = this.#statements;
    return {
      read: async key => {
        const [row] = await this.#query(read, [name, key]);
        return row ? { revision: Number(row.revision), text: String(row.record) } : { revision: 0, text: undefined };
      },
      write: async (key, text, expected) => {
        const [row] = await this.#query(write, [name, key, text, expected]).catch(ifSerialized);
        return row ? Number(row.revision) : 'conflict';
      },
    };
  }

  /** After an error the client is replaced: it may not answer any more, or the table may be gone. */
  async #query(text: string, values: unknown[]): Promise<Rows> {
    try {
      return await this.#ask(text, values);
    } catch (error) {
      if (codeOf(error) !== SERIALIZATION_FAILURE) this.#lose();
      throw error;
    }
  }

  /** One statement after the other, as the client wants it. */
  async #ask(text: string, values: unknown[]): Promise<Rows> {
    const late = defer<never>();
    const timer = systemClock.setTimer(() => late.reject(new Error(notAnswered(TIMEOUT_MS))), TIMEOUT_MS);
    const before = this.#turn;
    const ended = defer();
    this.#turn = ended.promise;
    try {
      await Promise.race([before, late.promise]);
      const answer = this.#client.query(text, values);
      answer.catch(() => {});
      return (await Promise.race([answer, late.promise])).rows;
    } finally {
      timer.clear();
      ended.resolve();
    }
  }

  #lose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void end(this.#client);
    this.#handlers.lost();
  }
}

/** With a stricter isolation than the default, a write that lost against another one is an error. */
function ifSerialized(error: unknown): Rows {
  if (codeOf(error) === SERIALIZATION_FAILURE) return [];
  throw error;
}

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | undefined)?.code;

/** A server that does not answer must not keep the connection, and with it the process. */
async function end(client: Client): Promise<void> {
  const late = defer();
  const timer = systemClock.setTimer(late.resolve, END_MS);
  await Promise.race([client.end().catch(() => {}), late.promise]);
  timer.clear();
  (client as { connection?: { stream?: { destroy?(): void } } }).connection?.stream?.destroy?.();
}
