// Fleets whose servers are restarted, frozen, cut off, and lose what was stored. Each host is a single process.

import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import test, { type ExecutionContext } from 'ava';
import { FleetProcesses } from '../helpers/fleet/processes.js';
import { startNats, startValve } from '../helpers/fleet/servers.js';
import { PASSWORD, startNatsWithPassword, startPostgres } from '../helpers/services/of-recipes.js';

/** A leader may act for 2 s. */
const SHORT_LEASE_MS = 3000;
/** A server may be away for a while. */
const LEASE_MS = 60_000;

const NAMES = ['a', 'b', 'c'];

function fleetOf(
  t: ExecutionContext,
  options: Partial<ConstructorParameters<typeof FleetProcesses>[0]>,
): FleetProcesses {
  const fleet = new FleetProcesses({ fleet: 'shop', workers: 0, leaseMs: LEASE_MS, ...options });
  t.teardown(() => fleet.close());
  return fleet;
}

/** Starts three hosts; resolves when all know who leads. */
async function startAll(fleet: FleetProcesses): Promise<void> {
  for (const name of NAMES) await fleet.start(name);
  await fleet.until('begun', 1);
  await fleet.until('saw', NAMES.length);
}

/** The leader still leads in its only term: it can hand over. */
async function leadsOn(t: ExecutionContext, fleet: FleetProcesses): Promise<void> {
  const first = fleet.of('begun')[0]!;
  t.is(fleet.of('begun').length, 1);
  t.is(fleet.of('ended').length, 0);
  // Perhaps to itself: the others may not be connected again yet.
  process.kill(first.pid, 'SIGUSR2');
  const second = await fleet.until('begun', 2);
  t.true(second.term > first.term);
  t.is(fleet.of('ended').length, 1);
}

test.serial('NATS is restarted: the leader leads on in its term', async t => {
  const server = await startNatsWithPassword(t);
  if (!server) return;
  const fleet = fleetOf(t, { nats: server.address, user: { user: 'app', pass: PASSWORD } });
  await startAll(fleet);
  await server.stopFor(200);
  await leadsOn(t, fleet);
  for (const { message } of fleet.of('warning')) t.false(message.includes(PASSWORD));
});

test.serial('PostgreSQL is restarted: the leader leads on in its term', async t => {
  const server = await startPostgres(t);
  if (!server) return;
  const [host, port] = server.address.split(':');
  const config = { host, port: Number(port), user: 'postgres', password: PASSWORD, database: 'postgres' };
  const fleet = fleetOf(t, { postgres: config });
  await startAll(fleet);
  await server.stopFor(200);
  await leadsOn(t, fleet);
});

test.serial('the bucket is deleted under a leader: it writes its record again', async t => {
  const nats = await startNats(t);
  if (!nats) return;
  const fleet = fleetOf(t, { nats, leaseMs: SHORT_LEASE_MS });
  await startAll(fleet);
  const connection = await connect({ servers: nats });
  const { streams } = await jetstreamManager(connection);
  await streams.delete('KV_csc1_shop');
  await fleet.until('warning', 1);
  t.regex(fleet.of('warning')[0]!.message, /had lost the record of "count"/);
  await connection.close();
  await leadsOn(t, fleet);
});

test.serial('the table is dropped under a leader: it writes its record again', async t => {
  const server = await startPostgres(t);
  if (!server) return;
  const [host, port] = server.address.split(':');
  const config = { host, port: Number(port), user: 'postgres', password: PASSWORD, database: 'postgres' };
  const fleet = fleetOf(t, { postgres: config, leaseMs: SHORT_LEASE_MS });
  await startAll(fleet);
  await server.query('drop table csc_test_fleet');
  await fleet.when(() => fleet.of('warning').some(({ message }) => message.includes('had lost the record')));
  await leadsOn(t, fleet);
});

for (const ways of [['up', 'down'], ['up'], ['down']] as const) {
  test.serial(
    `a leader that is cut off, ${ways.join(' and ')}, stops before another one begins, and follows when it is back`,
    async t => {
      const nats = await startNats(t);
      if (!nats) return;
      const fleet = fleetOf(t, { leaseMs: SHORT_LEASE_MS });
      const valves = new Map<string, Awaited<ReturnType<typeof startValve>>>();
      for (const name of NAMES) {
        const valve = await startValve(t, nats);
        valves.set(name, valve);
        await fleet.start(name, { nats: valve.address });
      }
      const first = await fleet.until('begun', 1);
      await fleet.until('saw', NAMES.length);
      const cut = valves.get(first.host)!;
      cut.shut(...ways);
      const second = await fleet.until('begun', 2);
      const ended = await fleet.until('ended', 1);
      t.is(ended.term, first.term);
      t.true(ended.at < second.at);
      cut.open();
      // It takes part again: the others give up, and it leads.
      for (const [name, host] of fleet.hosts) if (name !== first.host && name !== second.host) await host.kill();
      process.kill(second.pid, 'SIGTERM');
      const third = await fleet.until('begun', 3);
      t.is(third.host, first.host);
    },
  );
}

test.serial(
  'a server that is frozen for longer than a lease: nobody leads meanwhile, and one does afterwards',
  async t => {
    const nats = await startNats(t);
    if (!nats) return;
    const valve = await startValve(t, nats);
    const fleet = fleetOf(t, { nats: valve.address, leaseMs: SHORT_LEASE_MS });
    for (const name of NAMES) await fleet.start(name);
    const first = await fleet.until('begun', 1);
    valve.shut('up', 'down');
    const ended = await fleet.until('ended', 1);
    t.is(ended.term, first.term);
    t.is(fleet.of('begun').length, 1);
    valve.open();
    const second = await fleet.until('begun', 2);
    t.true(second.term > first.term);
  },
);
