// Tasks across hosts on real processes and real servers.

import test, { type ExecutionContext } from 'ava';
import { Client, type ClientConfig } from 'pg';
import type { HostOptions } from '../fixtures/fleet-host.js';
import { FleetProcesses, type HostProcess } from '../helpers/fleet/processes.js';
import { newFleetName } from '../helpers/fleet/register-contract.js';
import { findNats, findPostgres, forgetFleet } from '../helpers/fleet/servers.js';

/** No test waits so long: what happens then has not waited for the lease. */
const LONG_LEASE_MS = 3_600_000;
const SHORT_LEASE_MS = 2000;

type Engine = Pick<HostOptions, 'nats' | 'postgres'>;

/** Declares one test for each engine. */
function onEngines(
  title: string,
  options: Partial<HostOptions>,
  body: (t: ExecutionContext, fleet: FleetProcesses) => Promise<void>,
): void {
  const engines: Readonly<Record<string, (t: ExecutionContext) => Promise<Engine | undefined>>> = {
    NATS: async t => {
      const nats = await findNats(t);
      return nats === undefined ? undefined : { nats };
    },
    PostgreSQL: async t => {
      const postgres = await findPostgres(t);
      return postgres && { postgres };
    },
  };
  for (const [name, find] of Object.entries(engines)) {
    test.serial(`${title} (${name})`, async t => {
      const engine = await find(t);
      if (!engine) return;
      const fleetName = newFleetName();
      const fleet = new FleetProcesses({ fleet: fleetName, workers: 3, ...engine, ...options });
      t.teardown(async () => {
        await fleet.close();
        await forgetFleet(fleetName, engine);
      });
      await body(t, fleet);
    });
  }
}

const startThree = (fleet: FleetProcesses): Promise<HostProcess[]> =>
  Promise.all(['a', 'b', 'c'].map(name => fleet.start(name)));

onEngines('a killed leader is replaced within its host', { leaseMs: LONG_LEASE_MS }, async (t, fleet) => {
  await startThree(fleet);
  const first = await fleet.until('begun', 1);
  process.kill(first.pid, 'SIGKILL');
  const second = await fleet.until('begun', 2);
  t.is(second.host, first.host);
  t.true(second.term > first.term);
});

onEngines('a host that stops in good order hands over', { leaseMs: LONG_LEASE_MS }, async (t, fleet) => {
  await startThree(fleet);
  const first = await fleet.until('begun', 1);
  const host = fleet.hosts.get(first.host)!;
  host.signal('SIGTERM', host.workers);
  const second = await fleet.until('begun', 2);
  t.not(second.host, first.host);
  const ended = await fleet.until('ended', 1);
  t.true(ended.at <= second.at);
});

onEngines('single processes, without a cluster', { leaseMs: LONG_LEASE_MS, workers: 0 }, async (t, fleet) => {
  await startThree(fleet);
  const first = await fleet.until('begun', 1);
  process.kill(first.pid, 'SIGTERM');
  const second = await fleet.until('begun', 2);
  t.not(second.host, first.host);
  t.true(second.term > first.term);
  // transfer()
  process.kill(second.pid, 'SIGUSR2');
  const third = await fleet.until('begun', 3);
  t.true(third.term > second.term);
});

onEngines('a killed host is replaced after the lease', { leaseMs: SHORT_LEASE_MS }, async (t, fleet) => {
  await startThree(fleet);
  const first = await fleet.until('begun', 1);
  await fleet.hosts.get(first.host)!.kill();
  const second = await fleet.until('begun', 2);
  t.not(second.host, first.host);
  t.true(second.term > first.term);
});

onEngines(
  'a frozen host writes nothing into a fenced table afterwards',
  { leaseMs: SHORT_LEASE_MS },
  async (t, fleet) => {
    const config: ClientConfig | undefined = await findPostgres(t);
    if (!config) return;
    const table = `fence_${newFleetName().replaceAll('-', '_')}`;
    const admin = new Client(config);
    await admin.connect();
    await admin.query(`create table ${table} (term bigint, n int)`);
    await admin.query(`insert into ${table} values (0, 0)`);
    t.teardown(async () => {
      await fleet.close();
      await admin.query(`drop table ${table}`);
      await admin.end();
    });
    for (const name of ['a', 'b', 'c']) await fleet.start(name, { fence: { config, table } });
    const first = await fleet.until('begun', 1);
    await fleet.until('wrote', 5);
    const frozen = fleet.hosts.get(first.host)!;
    frozen.signal('SIGSTOP');
    const second = await fleet.until('begun', 2);
    await fleet.when(() => fleet.of('wrote').filter(({ term }) => term === second.term).length > 5);
    frozen.signal('SIGCONT');
    await fleet.until('ended', 1);
    const { rows } = await admin.query(`select term from ${table}`);
    t.is(Number(rows[0].term), second.term);
    // It may have been frozen in the middle of a write.
    const isOld = ({ term, at }: { readonly term: number; readonly at: number }) =>
      term === first.term && at > second.at;
    t.true(fleet.of('wrote').filter(isOld).length <= 2);
    t.log(`${fleet.of('wrote').filter(({ isFenced }) => isFenced).length} writes of the old term were refused`);
  },
);
