// The options of natsFleet() and postgresFleet(), and the option across.

import { hostname } from 'node:os';
import test from 'ava';
import { createSharedClient, whileLeader } from '../lib/index.js';
import { natsFleet } from '../lib/nats.js';
import { FLEET_ACCESS, resolveFleetOptions } from '../lib/options/options.js';
import { fleetTable, postgresFleet } from '../lib/postgres.js';
import { BAD_FLAGS, BAD_FUNCTIONS, refuses } from './options-table.js';

const connect = (async () => {}) as never;
const resolve = (given: object) => resolveFleetOptions({ name: 'shop', ...given }, {}).common;

test('defaults', t => {
  t.deepEqual(resolve({}), {
    name: 'shop',
    leaseMs: 20_000,
    actMs: (20_000 * 2) / 3,
    renewMs: 2500,
    eligible: true,
    priority: 0,
    hostName: hostname(),
  });
  t.like(resolve({ leaseMs: 2000 }), { renewMs: 250 });
  t.like(resolve({ leaseMs: 4000, renewMs: 1000 }), { renewMs: 1000 });
});

const BAD: Readonly<Record<string, readonly unknown[]>> = {
  name: ['', 'a b', 'a.b', 'x'.repeat(65), 'é', 1, null, {}],
  leaseMs: [0, 1999, '5000', Number.POSITIVE_INFINITY, Number.NaN, null],
  renewMs: [0, 5001, '500', null],
  eligible: BAD_FLAGS,
  priority: ['1', Number.NaN, Number.POSITIVE_INFINITY, null],
  hostName: ['', 'x'.repeat(256), 1, null],
};

for (const [option, values] of Object.entries(BAD)) {
  test(`${option} is checked`, t => {
    for (const value of values) {
      refuses(t, () => natsFleet({ name: 'shop', connect, [option]: value }), option);
      refuses(t, () => postgresFleet({ name: 'shop', connect, [option]: value }), option);
    }
  });
}

test('options of one engine are checked', t => {
  for (const value of [undefined, ...BAD_FUNCTIONS]) {
    refuses(t, () => natsFleet({ name: 'shop', connect: value as never }), 'connect');
    refuses(t, () => postgresFleet({ name: 'shop', connect: value as never }), 'connect');
  }
  for (const value of [0, 1.5, '3', null])
    refuses(t, () => natsFleet({ name: 'a', connect, replicas: value as never }), 'replicas');
  for (const value of BAD_FLAGS) {
    refuses(t, () => natsFleet({ name: 'a', connect, createBucket: value as never }), 'createBucket');
    refuses(t, () => postgresFleet({ name: 'a', connect, createTable: value as never }), 'createTable');
  }
  for (const value of ['', 'a b', 'a.b', 1, null])
    refuses(t, () => natsFleet({ name: 'a', connect, domain: value as never }), 'domain');
  for (const value of ['', 'a.b.c', '.a', 'a.', 1, null])
    refuses(t, () => postgresFleet({ name: 'a', connect, table: value as never }), 'table');
  refuses(t, () => natsFleet({ name: 'a', connect, table: 'x' } as never), 'table');
  refuses(t, () => natsFleet(undefined as never), 'name');
  refuses(t, () => postgresFleet(null as never), 'name');
  refuses(t, () => fleetTable('a.b.c'), 'table');
});

test('the statement of the table', t => {
  const columns = '(fleet text, key text, revision bigint not null, record text not null, primary key (fleet, key))';
  t.is(fleetTable(), `create table if not exists "cluster_shared_client_fleet" ${columns}`);
  t.is(fleetTable('ops.le"ad'), `create table if not exists "ops"."le""ad" ${columns}`);
});

test('across must be a fleet, of this version', t => {
  for (const value of [null, 1, 'shop', {}, () => {}])
    refuses(t, () => whileLeader('a', () => {}, { across: value as never }), 'across', 'natsFleet()');
  const other = { [FLEET_ACCESS]: { version: 1 } };
  refuses(t, () => whileLeader('a', () => {}, { across: other as never }), 'across', 'two versions');
});

test('a shared client on a fleet without calls is refused, with what to do instead', t => {
  const across = postgresFleet({ name: 'shop', connect });
  refuses(
    t,
    () => createSharedClient({ name: 'a', open: () => ({}), across } as never),
    'whileLeader(name, task, { across })',
  );
  class Client {}
  refuses(t, () => createSharedClient(Client, { name: 'a', across } as never), 'natsFleet()');
});
