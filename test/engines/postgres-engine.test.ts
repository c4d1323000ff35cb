// The engine on PostgreSQL, on a real server.

import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import pg, { type Client, type ClientConfig } from 'pg';
import { type PostgresEngineOptions, postgresEngine, tableStatement } from '../../lib/engines/postgres-engine.js';
import { SharedClientError } from '../../lib/errors/shared-client-error.js';
import { Heard, newFleetName, registerContract } from '../helpers/fleet/register-contract.js';
import { findPostgres } from '../helpers/fleet/servers.js';
import { PASSWORD, startPostgres } from '../helpers/services/of-recipes.js';

const TABLE = 'csc_test_fleet';

async function connectTo(config: ClientConfig): Promise<Client> {
  const client = new pg.Client(config);
  await client.connect();
  return client;
}

interface Rig {
  readonly admin: Client;
  readonly heard: Heard;
  readonly clients: Client[];
  /** A table of the test's own. */
  readonly table: string;
  engine(options?: Partial<PostgresEngineOptions>, config?: ClientConfig): ReturnType<typeof postgresEngine>;
}

function onPostgres(title: string, body: (t: ExecutionContext, rig: Rig) => Promise<void>): void {
  test(`PostgreSQL: ${title}`, async t => {
    const config = await findPostgres(t);
    if (!config) return;
    const admin = await connectTo(config);
    const table = newFleetName().replaceAll('-', '_');
    const clients: Client[] = [];
    const engine: Rig['engine'] = (options, more) =>
      postgresEngine({
        name: 'shop',
        table,
        createTable: true,
        connect: async defaults => {
          const client = await connectTo({ ...config, ...defaults, ...more });
          clients.push(client);
          return client;
        },
        ...options,
      });
    t.teardown(async () => {
      await admin.query(`drop table if exists ${table}`);
      await admin.end();
    });
    await body(t, { admin, heard: new Heard(), clients, table, engine });
  });
}

async function refused(t: ExecutionContext, connecting: Promise<unknown>, pattern: RegExp): Promise<void> {
  const error = await t.throwsAsync(connecting, { instanceOf: SharedClientError });
  t.is((error as SharedClientError).code, 'ERR_INVALID_OPTION');
  t.regex(error!.message, pattern);
}

registerContract('PostgreSQL', async (t, name) => {
  const config = await findPostgres(t);
  if (!config) return undefined;
  t.teardown(async () => {
    const admin = await connectTo(config);
    await admin.query(`delete from ${TABLE} where fleet = $1`, [name]);
    await admin.end();
  });
  const connect: PostgresEngineOptions['connect'] = defaults => connectTo({ ...config, ...defaults });
  return postgresEngine({ name, table: TABLE, createTable: true, connect });
});

onPostgres('several hosts create the table at the same time', async (t, { engine, heard, table, admin }) => {
  const wires = await Promise.all(Array.from({ length: 8 }, () => engine().connect(heard)));
  await Promise.all(wires.map(wire => wire.close()));
  t.deepEqual(heard.events, []);
  t.deepEqual((await admin.query(`select * from ${table}`)).rows, []);
});

onPostgres('a table in a schema, created by the statement', async (t, { engine, heard, admin, table }) => {
  const named = `${table}."Le""ad`;
  await admin.query(`create schema ${table}`);
  t.teardown(() => admin.query(`drop schema ${table} cascade`));
  await refused(t, engine({ table: named, createTable: false }).connect(heard), /does not exist/);
  await admin.query(tableStatement(named));
  const wire = await engine({ table: named, createTable: false }).connect(heard);
  t.is(await wire.register.write('key', 'text', 0), 1);
  await wire.close();
});

onPostgres('what somebody has to correct is refused, with what to do', async (t, { engine, heard, admin, table }) => {
  const connect = (more: ClientConfig) => engine({}, more).connect(heard);
  await refused(t, connect({ database: 'nowhere' }), /database .* does not exist/);
  await refused(t, connect({ options: '-c default_transaction_read_only=on' }), /read-only/);
  await refused(t, engine({ connect: async () => ({}) as Client }).connect(heard), /must return a connected Client/);
  await refused(t, engine({ connect: async () => new pg.Pool() as never }).connect(heard), /it returned a Pool/);
  const wrong = [
    'name text',
    'fleet text, key text, revision bigint, record text',
    'fleet text, key text, revision text, record text, primary key (fleet, key)',
    'fleet text, key text, revision bigint, record jsonb, primary key (fleet, key)',
  ];
  for (const columns of wrong) {
    await admin.query(`create table ${table} (${columns})`);
    await refused(t, engine().connect(heard), /other columns/);
    await admin.query(`drop table ${table}`);
  }
  await admin.query(`create role ${table} login`);
  t.teardown(() => admin.query(`drop role ${table}`));
  await admin.query(tableStatement(table));
  await refused(t, connect({ user: table }), /lacks a right/);
  await admin.query(`grant select, insert, update on ${table} to ${table}`);
  await (await connect({ user: table })).close();
  await admin.query(`revoke all on ${table} from ${table}`);
  t.deepEqual(heard.events, []);
});

onPostgres('a server that is not there: its own error', async (t, { engine, heard }) => {
  const error = await t.throwsAsync(engine({}, { port: 1 }).connect(heard));
  t.is((error as { code?: string }).code, 'ECONNREFUSED');
});

onPostgres('a wrong password is refused without a word of it', async (t, { engine, heard }) => {
  const server = await startPostgres(t);
  if (!server) return;
  const [host, port] = server.address.split(':');
  const config = { host, port: Number(port), user: 'postgres', database: 'postgres' };
  const wrong = engine({ connect: defaults => connectTo({ ...config, ...defaults, password: 'wrong' }) });
  await refused(t, wrong.connect(heard), /refuses the credentials/);
  const right = engine({ connect: defaults => connectTo({ ...config, ...defaults, password: PASSWORD }) });
  await (await right.connect(heard)).close();
});

onPostgres('synchronous_commit off is warned of', async (t, { engine, heard }) => {
  const wire = await engine({}, { options: '-c synchronous_commit=off' }).connect(heard);
  await wire.close();
  t.is(heard.warnings.length, 1);
  t.regex(heard.warnings[0]!, /synchronous_commit is off/);
});

onPostgres('a connection that the server ends is lost', async (t, { engine, heard, admin, clients }) => {
  const wire = await engine().connect(heard);
  const { rows } = await clients[0]!.query('select pg_backend_pid() as pid');
  await admin.query('select pg_terminate_backend($1)', [rows[0].pid]);
  await heard.until('lost');
  await t.throwsAsync(wire.register.read('key'));
  await wire.close();
  t.deepEqual(heard.events, ['lost']);
});

onPostgres('a statement without an answer: it is rejected, and the connection is lost', async (t, rig) => {
  const { engine, heard, admin, table } = rig;
  const wire = await engine().connect(heard);
  await admin.query('begin');
  await admin.query(`lock table ${table}`);
  const [first, second] = [wire.register.read('key'), wire.register.write('key', 'text', 0)];
  await t.throwsAsync(first);
  await t.throwsAsync(second);
  t.deepEqual(heard.events, ['lost']);
  await admin.query('rollback');
  await wire.close();
});

onPostgres('a table that is dropped under a connection is created by the next one', async (t, rig) => {
  const { engine, heard, admin, table, clients } = rig;
  const wire = await engine().connect(heard);
  t.is(await wire.register.write('key', 'text', 0), 1);
  await admin.query(`drop table ${table}`);
  const ended = once(clients[0]!, 'end');
  await t.throwsAsync(wire.register.read('key'));
  await ended;
  t.deepEqual(heard.events, ['lost']);
  const next = await engine().connect(heard);
  t.deepEqual(await next.register.read('key'), { revision: 0, text: undefined });
  await next.close();
});

onPostgres(
  'a stricter isolation: a lost claim is a conflict, and the connection stays',
  async (t, { engine, heard }) => {
    const options = '-c default_transaction_isolation=serializable';
    const wires = await Promise.all(Array.from({ length: 4 }, () => engine({}, { options }).connect(heard)));
    for (let expected = 0, round = 0; round < 10; round++) {
      const all = await Promise.all(wires.map(({ register }) => register.write('key', `${round}`, expected)));
      t.is(all.filter(result => result !== 'conflict').length, 1);
      expected = (await wires[0]!.register.read('key')).revision;
    }
    t.deepEqual(heard.events, []);
    await Promise.all(wires.map(wire => wire.close()));
  },
);
