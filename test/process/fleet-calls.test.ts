// A shared client of a whole fleet: three hosts with three workers each, as real processes on a real NATS.

import test, { type ExecutionContext } from 'ava';
import { FleetCallers } from '../helpers/fleet/callers.js';
import { newFleetName } from '../helpers/fleet/register-contract.js';
import { findNats, forgetFleet } from '../helpers/fleet/servers.js';
import { FleetUpstream } from '../helpers/fleet/upstream.js';

const LEASE_MS = 3000;

function fleet(title: string, body: (t: ExecutionContext, callers: FleetCallers) => Promise<void>): void {
  test.serial(title, async t => {
    const nats = await findNats(t);
    if (nats === undefined) return;
    const name = newFleetName();
    const callers = new FleetCallers({ fleet: name, nats, leaseMs: LEASE_MS }, await FleetUpstream.start());
    t.teardown(async () => {
      await callers.close();
      await forgetFleet(name, { nats });
    });
    for (const host of ['a', 'b', 'c']) await callers.start(host);
    callers.upstream.emit(20);
    await callers.untilAllAnswered();
    await body(t, callers);
    t.is(callers.upstream.live.length, 1);
  });
}

/** Something happens, and all workers get answers again. */
async function survives(t: ExecutionContext, callers: FleetCallers, what: string, happen: () => unknown) {
  callers.gapMs = 0;
  const { lost, other } = callers.counts;
  await happen();
  await callers.untilAllAnswered();
  const now = callers.counts;
  t.log(
    `${what}: longest gap ${Math.round(callers.gapMs)} ms; ${now.lost - lost} calls were in the hands of the lost leader`,
  );
  t.deepEqual(now.other.slice(other.length), [], 'calls that may be made again have failed');
}

fleet('workers and hosts are killed and stopped under load', async (t, callers) => {
  t.is(callers.upstream.live.length, 1);
  await survives(t, callers, 'the leading worker is killed', () => process.kill(callers.leader.life.pid, 'SIGKILL'));
  await survives(t, callers, 'the worker that leads another host is killed', () => {
    const { host } = callers.leader;
    const other = [...callers.hosts.values()].find(({ name }) => name !== host.name)!;
    process.kill(other.workers.at(-1)!, 'SIGKILL');
  });
  await survives(t, callers, 'the leading host is killed', async () => {
    const { host } = callers.leader;
    await host.kill();
    await callers.start(host.name);
  });
  await survives(t, callers, 'all hosts are restarted, one after the other', async () => {
    for (const name of ['a', 'b', 'c']) {
      const host = callers.hosts.get(name)!;
      host.signal('SIGTERM', [host.child.pid!]);
      await callers.when(() => host.isGone || host.workers.every(pid => !isAlive(pid)));
      await host.kill();
      await callers.start(name);
      await callers.untilAllAnswered();
    }
  });
  await callers.untilNewest();
  t.deepEqual(callers.judge(), []);
});

fleet('a leading worker and a leading host stand still', async (t, callers) => {
  const frozen = new Set<number>();
  const freeze = async (ms: number, pids: readonly number[]) => {
    for (const pid of pids) frozen.add(pid);
    callers.leader.host.signal('SIGSTOP', [...pids]);
    const { term } = callers.leader.life;
    await callers.when(() => callers.upstream.lives.some(life => life.term > term && life.openedAt > 0));
    await new Promise(resolve => setTimeout(resolve, ms));
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  };
  await survives(t, callers, 'the leading worker stands still', () => freeze(500, [callers.leader.life.pid]));
  await survives(t, callers, 'the leading host stands still', () => freeze(500, callers.leader.host.pids));
  await callers.untilNewest();
  t.deepEqual(
    callers.judge(({ pid }) => frozen.has(pid)),
    [],
  );
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
