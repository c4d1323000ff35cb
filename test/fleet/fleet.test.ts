// Tasks across hosts, on hosts and a store in memory.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import test, { type ExecutionContext } from 'ava';
import { createLeaderTask } from '../../lib/client/leader-task.js';
import { FleetOnEngine } from '../../lib/fleet/fleet.js';
import { type DiagnosticsMessages, SharedClientError } from '../../lib/index.js';
import { resolveFleetOptions } from '../../lib/options/options.js';
import { VirtualTime } from '../helpers/clocks/virtual-time.js';
import { MemoryEngine, MemoryStore } from '../helpers/fleet/memory-engine.js';
import { ACT_MS, FleetRig, type FleetWorker, LEASE_MS, RENEW_MS } from '../helpers/fleet/rig.js';

interface Options {
  readonly announces?: boolean;
}

/** Declares one test for stores that announce what was written, and one for those that have to be read. */
function fleet(title: string, body: (t: ExecutionContext, rig: FleetRig) => Promise<void>): void {
  for (const announces of [true, false]) {
    test.serial(`${title} (${announces ? 'announced' : 'read'})`, async t => {
      const rig = new FleetRig({ announces } satisfies Options);
      await body(t, rig);
      await rig.finish(t);
      t.deepEqual(rig.errors, []);
    });
  }
}

fleet('a task runs in one worker of all hosts', async (t, rig) => {
  rig.host('a');
  rig.host('b');
  const run = await rig.until(1);
  await rig.time.advance(3 * LEASE_MS);
  t.is(rig.runs.length, 1);
  t.is(run.endedAt, undefined);
  t.deepEqual(rig.warnings, []);
  const { task } = rig.leading;
  t.like(task.status(), {
    role: 'leader',
    task: 'running',
    term: run.term,
    runs: 1,
    fleet: { host: run.host, isHere: true, connected: true, term: run.term },
  });
  for (const { workers } of rig.hosts) {
    for (const other of workers) {
      const isHere = other.host.name === run.host;
      if (other.task !== task) t.like(other.task.status(), { role: 'follower', task: 'idle', term: run.term });
      t.deepEqual(other.fleet.status(), {
        name: 'shop',
        connected: true,
        groups: [{ name: 'report', term: run.term, host: run.host, isHere, state: 'ready', leaseMs: LEASE_MS }],
      });
    }
  }
  const { writes, reads } = rig.store;
  await rig.time.advance(20 * RENEW_MS);
  t.is(rig.store.writes - writes, 20);
  if (rig.store.announces) t.is(rig.store.reads, reads);
});

fleet('when the leading worker is killed, the next of its host leads without waiting for the lease', async (t, rig) => {
  rig.host('a', 3);
  rig.host('b', 3);
  const first = await rig.until(1);
  await rig.time.advance(LEASE_MS);
  const killedAt = rig.time.now();
  rig.leading.worker.kill();
  const second = await rig.until(2);
  t.is(second.host, first.host);
  t.true(second.term > first.term);
  t.true(second.startedAt - killedAt < 500, `${second.startedAt - killedAt}`);
});

fleet('when a whole host is killed, another one leads after the lease', async (t, rig) => {
  const a = rig.host('a');
  const b = rig.host('b');
  const first = await rig.until(1);
  await rig.time.advance(LEASE_MS);
  const killedAt = rig.time.now();
  rig.kill(first.host === 'a' ? a : b);
  const second = await rig.until(2);
  t.not(second.host, first.host);
  t.true(second.term > first.term);
  const gap = second.startedAt - killedAt;
  t.true(gap >= LEASE_MS - RENEW_MS && gap <= LEASE_MS + 1000, `${gap}`);
});

fleet('a host that is frozen stops its task before another one leads', async (t, rig) => {
  const a = rig.host('a');
  const b = rig.host('b');
  const first = await rig.until(1);
  await rig.time.advance(LEASE_MS);
  const frozen = first.host === 'a' ? a : b;
  rig.freeze(frozen);
  const second = await rig.until(2);
  t.not(second.host, first.host);
  rig.thaw(frozen);
  await rig.time.reached(() => first.endedAt !== undefined);
  await rig.time.advance(2 * LEASE_MS);
  t.is(rig.runs.length, 2);
});

fleet(
  'a host without a connection to the store stops before its lease ends, and others wait for the lease',
  async (t, rig) => {
    const a = rig.host('a');
    const b = rig.host('b');
    const first = await rig.until(1);
    await rig.time.advance(LEASE_MS);
    const cutAt = rig.time.now();
    const cut = first.host === 'a' ? a : b;
    rig.cut(cut);
    const second = await rig.until(2);
    t.not(second.host, first.host);
    t.true(first.endedAt! - cutAt <= ACT_MS);
    t.true(second.startedAt - first.endedAt! >= LEASE_MS - ACT_MS - RENEW_MS);
    t.false(cut.workers[0]!.task.status().fleet!.connected);
    rig.cut(cut, true);
    await rig.time.advance(2 * LEASE_MS);
    t.is(rig.runs.length, 2);
    t.like(cut.workers[0]!.task.status().fleet, { connected: true, host: second.host, term: second.term });
  },
);

fleet('a short loss of the connection changes nothing', async (t, rig) => {
  rig.host('a');
  rig.host('b');
  await rig.until(1);
  await rig.time.advance(LEASE_MS);
  const { host } = rig.leading;
  rig.cut(host);
  await rig.time.advance(ACT_MS - RENEW_MS - 100);
  rig.cut(host, true);
  await rig.time.advance(3 * LEASE_MS);
  t.is(rig.runs.length, 1);
  t.is(rig.runs[0]!.endedAt, undefined);
});

fleet('when no host reaches the store, nobody leads; when it is back, one does', async (t, rig) => {
  const hosts = [rig.host('a'), rig.host('b')];
  const first = await rig.until(1);
  for (const host of hosts) rig.cut(host);
  await rig.time.advance(3 * LEASE_MS);
  t.is(rig.runs.length, 1);
  t.not(first.endedAt, undefined);
  const backAt = rig.time.now();
  for (const host of hosts) rig.cut(host, true);
  const second = await rig.until(2);
  t.true(second.startedAt - backAt < 1000);
  await rig.time.advance(LEASE_MS);
  t.is(rig.runs.length, 2);
});

fleet('a host that steps down leaves the leadership to others', async (t, rig) => {
  rig.host('a', 2);
  rig.host('b', 2);
  const first = await rig.until(1);
  const at = rig.time.now();
  await rig.time.until(rig.leading.task.resign());
  const second = await rig.until(2);
  t.not(second.host, first.host);
  t.true(second.startedAt - at < 700);
  const third = rig.leading.task.close();
  const last = await rig.until(3);
  await rig.time.until(third);
  t.true(last.term > second.term);
});

fleet('the only host leads again after it has stepped down', async (t, rig) => {
  rig.host('a', 1);
  const first = await rig.until(1);
  await rig.time.until(rig.leading.task.resign());
  const second = await rig.until(2);
  t.true(second.term > first.term);
});

fleet('all workers of a host stop: another host leads at once, not the workers one after the other', async (t, rig) => {
  rig.host('a', 3);
  rig.host('b', 1);
  rig.host('c', 1);
  const first = await rig.until(1);
  const at = rig.time.now();
  const { host } = rig.leading;
  await rig.time.until(Promise.all(host.workers.map(({ task }) => task.close())));
  const second = await rig.until(2);
  t.not(second.host, first.host);
  t.true(second.startedAt - at < 700);
  await rig.time.advance(LEASE_MS);
  t.is(rig.runs.length, 2);
});

fleet('transfer() hands over to the named host, from any worker', async (t, rig) => {
  const a = rig.host('a');
  const b = rig.host('b');
  const c = rig.host('c');
  const hosts = { a, b, c } as Record<string, typeof a>;
  const first = await rig.until(1);
  const others = ['a', 'b', 'c'].filter(name => name !== first.host);
  // From a follower of the leading host, from another host, and to whoever comes.
  await rig.time.until(hosts[first.host]!.workers[1]!.fleet.transfer('report', others[0]));
  t.is(rig.runs.at(-1)!.host, others[0]!);
  await rig.time.until(hosts[first.host]!.workers[1]!.fleet.transfer('report', others[1]));
  t.is(rig.runs.at(-1)!.host, others[1]!);
  await rig.time.until(hosts[others[1]!]!.workers[0]!.fleet.transfer('report'));
  t.not(rig.runs.at(-1)!.host, others[1]!);
  t.is(rig.runs.length, 4);
  // It leads already.
  await rig.time.until(a.workers[0]!.fleet.transfer('report', rig.runs.at(-1)!.host));
  t.is(rig.runs.length, 4);
  const error = await rig.time.until(t.throwsAsync(a.workers[0]!.fleet.transfer('report', 'nobody')));
  t.like(error, { code: 'ERR_INVALID_OPTION' });
  t.like(await t.throwsAsync(a.workers[0]!.fleet.transfer('other')), { code: 'ERR_INVALID_OPTION' });
});

fleet('transfer() without another host is refused', async (t, rig) => {
  const a = rig.host('a', 1);
  await rig.until(1);
  const error = await rig.time.until(t.throwsAsync(a.workers[0]!.fleet.transfer('report')));
  t.like(error, { code: 'ERR_INVALID_OPTION' });
  t.regex(error!.message, /no other host/);
});

fleet('the store loses the record under a leader: it leads on in its term', async (t, rig) => {
  rig.host('a');
  rig.host('b');
  const first = await rig.until(1);
  await rig.time.advance(LEASE_MS);
  rig.store.wipe();
  await rig.time.advance(3 * LEASE_MS);
  t.is(rig.runs.length, 1);
  t.is(first.endedAt, undefined);
  const { host, worker } = rig.leading;
  t.deepEqual(
    rig.warnings.map(text => text.split('.')[0]),
    [`${host.name}${worker.workerId}: The store of the fleet had lost the record of "report"`],
  );
  t.deepEqual(rig.taskWarnings, rig.warnings);
});

fleet('a host that is not eligible never leads', async (t, rig) => {
  rig.host('a', 1, { eligible: false });
  await rig.time.advance(2 * LEASE_MS);
  t.is(rig.runs.length, 0);
  rig.host('b', 1);
  t.is((await rig.until(1)).host, 'b');
  rig.kill(rig.hosts[1]!);
  await rig.time.advance(3 * LEASE_MS);
  t.is(rig.runs.length, 1);
});

fleet('events of the fleet tell every worker who leads', async (t, rig) => {
  const a = rig.host('a', 2);
  await rig.until(1);
  await rig.time.settle();
  t.deepEqual(rig.events, ['a1: a leads', 'a2: a leads']);
  rig.host('b', 1);
  await rig.time.advance(1000);
  t.deepEqual(rig.events.splice(0), ['a1: a leads', 'a2: a leads', 'b1: a leads']);
  await rig.time.until(a.workers[0]!.fleet.transfer('report', 'b'));
  await rig.time.advance(1000);
  t.deepEqual([...rig.events].sort(), [
    'a1: a lost, resigned',
    'a1: b leads',
    'a2: a lost, resigned',
    'a2: b leads',
    'b1: a lost, resigned',
    'b1: b leads',
  ]);
});

fleet('a worker that hangs loses the leadership to the next of its host', async (t, rig) => {
  rig.host('a', 2);
  rig.host('b', 2);
  const first = await rig.until(1);
  await rig.time.advance(LEASE_MS);
  const hung = rig.leading;
  const at = rig.time.now();
  hung.worker.freeze();
  const second = await rig.until(2);
  t.is(second.host, first.host);
  t.true(second.startedAt - at < 1000);
  hung.worker.thaw();
  await rig.time.reached(() => first.endedAt !== undefined);
  await rig.time.advance(2 * LEASE_MS);
  t.is(rig.runs.length, 2);
});

fleet('a task that fails is run again, with pauses, on any host', async (t, rig) => {
  rig.host('a', 1);
  rig.host('b', 1);
  for (let i = 1; i <= 4; i++) {
    const run = await rig.until(i);
    run.end.reject(new Error('no more'));
  }
  const last = await rig.until(5);
  t.true(last.startedAt - rig.runs[3]!.startedAt >= 400);
  t.deepEqual(
    rig.errors.splice(0).map(text => text.slice(4)),
    Array(4).fill('Error: no more'),
  );
  const failures = rig.hosts.map(({ workers }) => workers[0]!.task.status().failures);
  t.is(failures[0]! + failures[1]!, 4);
});

fleet('once: a task that has ended never runs again, on no host and after all have died', async (t, rig) => {
  const hosts = [rig.host('a', 2, {}, { once: true }), rig.host('b', 1, {}, { once: true })];
  const run = await rig.until(1);
  const done = new Promise(resolve => void rig.leading.task.once('done', resolve));
  run.end.resolve();
  t.deepEqual(await rig.time.until(done), { term: run.term });
  await rig.time.advance(1000);
  for (const { workers } of hosts) for (const { task } of workers) t.is(task.status().task, 'done');
  for (const host of hosts) rig.kill(host);
  const next = rig.host('c', 1, {}, { once: true });
  await rig.time.advance(3 * LEASE_MS);
  t.is(rig.runs.length, 1);
  t.is(next.workers[0]!.task.status().task, 'done');
});

fleet('without an engine at the start: a warning for each problem, and a leader once it is there', async (t, rig) => {
  const host = rig.host('a', 1);
  const [{ engine }] = host.workers as [FleetWorker];
  engine.isReachable = false;
  await rig.time.advance(5000);
  engine.problem = Object.assign(new Error('nats://user:secret@host refused'), { code: 'AUTHORIZATION' });
  engine.isReachable = true;
  await rig.time.advance(20_000);
  t.is(rig.runs.length, 0);
  t.deepEqual(host.workers[0]!.fleet.status(), {
    name: 'shop',
    connected: false,
    groups: [{ name: 'report', term: 0, host: undefined, isHere: false, state: 'unknown', leaseMs: LEASE_MS }],
  });
  engine.problem = undefined;
  await rig.until(1);
  // Who listens to the task alone is told, too.
  t.deepEqual(rig.taskWarnings, rig.warnings);
  t.deepEqual(rig.warnings.splice(0), [
    "a1: There is no connection to the fleet's engine: Error, code ECONNREFUSED. See the cause. It is tried again with backoff.",
    "a1: There is no connection to the fleet's engine: Error, code AUTHORIZATION. See the cause. It is tried again with backoff.",
  ]);
});

fleet('the answers of writes are lost: the leader reads whether they were done, and leads on', async (t, rig) => {
  rig.host('a', 1, { leaseMs: 20_000 });
  rig.host('b', 1, { leaseMs: 20_000 });
  const first = await rig.until(1);
  await rig.time.advance(LEASE_MS);
  const { engine } = rig.leading;
  engine.losesAnswers = true;
  await rig.time.advance(60_000);
  t.is(rig.runs.length, 1);
  t.is(first.endedAt, undefined);
});

fleet('hosts with another leaseMs are warned of', async (t, rig) => {
  rig.host('a', 1);
  await rig.until(1);
  rig.host('b', 1, { leaseMs: 2 * LEASE_MS });
  await rig.time.advance(3 * LEASE_MS);
  t.is(rig.runs.length, 1);
  t.deepEqual(rig.warnings, [
    `b1: Host "a" leads "report" with leaseMs 6000, this host has 12000. All hosts of a fleet should have the same options. Perhaps there are two fleets of one name.`,
  ]);
});

fleet('close() of the fleet gives up what its process leads', async (t, rig) => {
  rig.host('a', 1);
  rig.host('b', 1);
  const first = await rig.until(1);
  const { fleet: ended, worker, host } = rig.leading;
  const at = rig.time.now();
  await rig.time.until(ended.close());
  const second = await rig.until(2);
  t.not(second.host, first.host);
  t.true(second.startedAt - at < 700);
  host.workers.splice(0);
  t.throws(() => worker.whileLeader('more', () => {}, { across: ended }), { code: 'ERR_CLOSED' });
});

fleet('a process has one task of a name, which can be created again after it was closed', async (t, rig) => {
  const host = rig.host('a', 1);
  const [{ worker, fleet: own, task }] = host.workers as [FleetWorker];
  await rig.until(1);
  t.throws(() => worker.whileLeader('report', () => {}, { across: own }), { code: 'ERR_INVALID_OPTION' });
  await rig.time.until(task[Symbol.asyncDispose]());
  t.deepEqual(own.status().groups, []);
  let runs = 0;
  const next = worker.whileLeader('report', () => void runs++, { across: own });
  await rig.time.reached(() => runs === 1);
  await rig.time.until(next.close());
  t.is(runs, 1);
});

fleet('listeners are removed, called once, and what they throw is a warning', async (t, rig) => {
  const host = rig.host('a', 1);
  const [{ fleet: own, task, engine }] = host.workers as [FleetWorker];
  const told: string[] = [];
  const never = () => told.push('never');
  own.on('leader', never).off('leader', never);
  own.once('leader', ({ host }) => {
    told.push(`${host} leads`);
    throw new Error('no');
  });
  task.on('leader', never).off('leader', never);
  task.once('leader', ({ term }) => told.push(`leader ${term > 0}`));
  const run = await rig.until(1);
  await rig.time.settle();
  await rig.time.until(task.resign());
  await rig.until(2);
  t.deepEqual(told, ['leader true', 'a leads']);
  t.deepEqual(rig.warnings.splice(0), ['a1: A listener threw.']);
  t.true(run.signal.aborted);
  t.is(own.name, 'shop');
  await rig.time.until(own[Symbol.asyncDispose]());
  t.is(engine.wires.size, 0);
});

fleet('transfer() of a group that nobody leads gives up after a while', async (t, rig) => {
  const host = rig.host('a', 1, { eligible: false });
  await rig.time.advance(1000);
  const error = await rig.time.until(t.throwsAsync(host.workers[0]!.fleet.transfer('report')));
  t.like(error, { code: 'ERR_TIMEOUT' });
});

fleet('a store that has gone back is waited out, and warned of', async (t, rig) => {
  const a = rig.host('a', 1);
  const first = await rig.until(1);
  await rig.time.advance(LEASE_MS);
  rig.host('b', 1);
  await rig.time.advance(1000);
  rig.kill(a);
  rig.store.wipe();
  const at = rig.time.now();
  const second = await rig.until(2);
  t.is(second.host, 'b');
  t.true(second.term > first.term);
  t.true(second.startedAt - at >= LEASE_MS - RENEW_MS);
  t.regex(rig.warnings.join(), /^b\d+: The store of the fleet has lost/);
});

fleet('a record of another version, and a damaged one, are waited out and replaced', async (t, rig) => {
  const key = Buffer.from('whileLeader:report').toString('base64url');
  for (const [i, text] of ['{"v":2,"term":5,"leaseMs":9000}', 'no JSON', '[]'].entries()) {
    rig.store.wipe();
    rig.store.set(key, text, 0);
    const at = rig.time.now();
    const host = rig.host(`h${i}`, 1);
    const run = await rig.until(i + 1);
    t.true(run.startedAt - at >= (i === 0 ? 9000 : LEASE_MS));
    t.regex(rig.warnings.splice(0).join(), /of another version, or damaged/);
    rig.kill(host);
  }
});

fleet('diagnostics channels publish the terms of the fleet', async (t, rig) => {
  const told: string[] = [];
  const stops = (['appointed', 'ready', 'deposed'] as const).map(name => {
    const listener = (message: unknown) => {
      const { fleet, group, term, cause } = message as DiagnosticsMessages['deposed'];
      if (fleet !== undefined) told.push(`${fleet} ${group} ${name} ${term} ${cause}`);
    };
    subscribe(`cluster-shared-client:${name}`, listener);
    return () => unsubscribe(`cluster-shared-client:${name}`, listener);
  });
  const host = rig.host('a', 1);
  await rig.until(1);
  await rig.time.settle();
  await rig.time.until(host.workers[0]!.task.resign());
  await rig.until(2);
  for (const stop of stops) stop();
  const [first, second] = rig.runs.map(({ term }) => term);
  t.deepEqual(told, [
    `shop whileLeader:report appointed ${first} undefined`,
    `shop whileLeader:report ready ${first} undefined`,
    `shop whileLeader:report deposed ${first} resigned`,
    `shop whileLeader:report appointed ${second} undefined`,
    `shop whileLeader:report ready ${second} undefined`,
  ]);
});

fleet('names of any length and letters', async (t, rig) => {
  const { workers } = rig.host('a', 1);
  const [{ worker, fleet: own }] = workers as [FleetWorker];
  const names = ['ä/*>. ', 'x'.repeat(490)];
  const ran: string[] = [];
  const tasks = names.map(name =>
    worker.whileLeader(name, (_, context) => void ran.push(context.name), { across: own }),
  );
  await rig.time.reached(() => ran.length === 2);
  t.deepEqual(ran.sort(), [...names].sort());
  for (const key of rig.store.records.keys()) t.regex(key, /^[\w-]{1,64}$/);
  await rig.time.until(Promise.all(tasks.map(task => task.close())));
});

test.serial('the errors of a task are known in full on its own host only', async t => {
  const rig = new FleetRig();
  rig.host('a', 1);
  const first = await rig.until(1);
  first.end.reject(Object.assign(new TypeError('the password is secret'), { code: 'E_NO' }));
  await rig.until(2);
  t.deepEqual(rig.errors.splice(0), ['a1: TypeError: the password is secret']);
  for (const { text } of rig.store.records.values()) {
    t.false(text!.includes('secret'));
  }
  await rig.finish(t);
});

fleet('a task that is closed while the store is asked leaves nothing behind', async (t, rig) => {
  const host = rig.host('a', 1);
  const [{ engine, task }] = host.workers as [FleetWorker];
  await rig.time.reached(() => rig.store.reads === 1);
  await rig.time.until(task.close());
  await rig.time.advance(2 * LEASE_MS);
  t.is(rig.runs.length, 0);
  t.is(engine.wires.size, 0);
  t.is(rig.store.writes, 0);
});

test.serial('an error of the host itself is thrown as it is', t => {
  const clock = new VirtualTime();
  const { common } = resolveFleetOptions({ name: 'shop' }, {});
  const across = new FleetOnEngine(new MemoryEngine({ store: new MemoryStore(), clock }), common, clock);
  const create = () => {
    throw new SharedClientError('ERR_NO_PRIMARY', 'a thread');
  };
  t.throws(() => createLeaderTask(create, 'report', () => {}, { across }), { code: 'ERR_NO_PRIMARY' });
});
