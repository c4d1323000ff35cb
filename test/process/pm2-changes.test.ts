// Leaders that go under the real PM2 because somebody wants it, or stand still: points 2 to 5 and 11 of pm2.test.ts.

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { calls, noDaemonTrouble, terms } from '../helpers/pm2/calls.js';
import { MAJORS, startPm2 } from '../helpers/pm2/process.js';
import { now } from '../helpers/process/wire.js';

for (const major of MAJORS) {
  const title = (text: string) => `pm2 ${major}: ${text}`;

  for (const ready of ['listening', 'wait_ready'] as const) {
    test.serial(title(`a reload (${ready}) under 100 calls a second fails none, with at most two changes`), async t => {
      const pm2 = await startPm2(t, major);
      const isWaiting = ready === 'wait_ready';
      await pm2.run({
        callEveryMs: 40,
        stops: 'SIGINT',
        listens: true,
        ...(isWaiting && { tellsReady: true, pm2: { wait_ready: true } }),
      });
      await pm2.leader('web', 4);
      const before = (await terms(pm2.workers)).length;
      const from = now();
      await pm2.cli('reload', 'web');
      await pm2.leader('web', 4);
      t.is(pm2.workers.length, 8);
      const until = now();
      const changes = (await terms(pm2.workers)).length - before;
      t.true(changes >= 1 && changes <= 2, `${changes}`);
      // Who has just started makes none yet.
      for (const worker of pm2.living) await worker.until('call', ({ at }) => at > until);
      const all = await calls(pm2.workers);
      t.deepEqual(
        all.filter(({ error }) => error),
        [],
      );
      t.true(
        all.some(({ at }) => at > from && at < until),
        'calls were made meanwhile',
      );
      noDaemonTrouble(t, pm2);
    });
  }

  test.serial(title('a leader that is stopped is replaced, and says nothing stale after'), async t => {
    const pm2 = await startPm2(t, major);
    await pm2.run({ configure: { heartbeatMs: 200, leaderTimeoutMs: 3000 } });
    const leader = await pm2.leader('web', 4);
    const { term } = await leader.do.status();
    const others = pm2.living.filter(worker => worker !== leader);
    for (const worker of pm2.living) await worker.do.subscribe('t');
    leader.freeze();
    const from = now();
    const next = await Promise.race(
      others.map(async worker => (await worker.until('leader', ({ at }) => at > from)).at),
    );
    t.log(`replaced after ${Math.round(next - from)} ms`);
    leader.thaw();
    const follower = await leader.until('follower');
    t.true(follower.term > term);
    await others[0]!.do.publish('t', 'after');
    for (const worker of pm2.living) {
      const value = await worker.until('value');
      t.true(value.term > term);
      t.is(value.message, 'after');
    }
    t.deepEqual(await leader.do.call('echo', ['it calls']), { value: 'it calls' });
    await pm2.upstream.untilConnections(1);
    t.is(pm2.living.length, 4);
    noDaemonTrouble(t, pm2);
  });

  test.serial(
    title('scaling down onto the leader fails no call, and a restart of all goes on with a higher term'),
    async t => {
      const pm2 = await startPm2(t, major);
      await pm2.run({ callEveryMs: 20, stops: 'SIGINT', instances: 4 });
      const first = await pm2.leader('web', 4);
      // Scaling takes the lowest ids first, and the youngest leads: so it is handed to the oldest.
      const oldest = [...pm2.living].sort((a, b) => a.workerId - b.workerId)[0]!;
      if (first !== oldest) t.deepEqual(await first.do.transfer(oldest.workerId), {});
      await pm2.cli('scale', 'web', '2');
      const leader = await pm2.leader('web', 2);
      t.not(leader, oldest);
      t.deepEqual(
        (await calls(pm2.workers)).filter(({ error }) => error),
        [],
      );
      const { term } = await leader.do.status();
      await pm2.cli('restart', 'web');
      const { term: next } = await (await pm2.leader('web', 2)).do.status();
      t.true(next > term);
      noDaemonTrouble(t, pm2);
    },
  );

  test.serial(title('what somebody removes of a leader in the temporary folder it makes anew'), async t => {
    const pm2 = await startPm2(t, major);
    await pm2.run({ instances: 2 });
    await pm2.leader('web', 2);
    for (const [i, file] of ['.', 'leader', 'secrets'].entries()) {
      const [directory] = pm2.temporary();
      rmSync(join(pm2.temporaryFolder, directory!, file), { recursive: true });
      await pm2.cli('scale', 'web', '+1');
      await pm2.leader('web', 3 + i);
      for (const worker of pm2.living) t.deepEqual(await worker.do.call('echo', [i]), { value: i });
      t.is(pm2.temporary().length, 1);
      t.is(pm2.temporary()[0] === directory, file === 'secrets');
    }
    noDaemonTrouble(t, pm2);
  });

  test.serial(title('a stop by message hands over too'), async t => {
    const pm2 = await startPm2(t, major);
    await pm2.run({ callEveryMs: 20, instances: 3, stops: 'shutdown', pm2: { shutdown_with_message: true } });
    const leader = await pm2.leader('web', 3);
    const id = readdirSync(join(pm2.home, 'pids')).find(
      file => readFileSync(join(pm2.home, 'pids', file), 'utf8') === String(leader.pid),
    );
    await pm2.cli('stop', /(\d+)\.pid$/.exec(id!)![1]!);
    t.not(await pm2.leader('web', 2), leader);
    t.deepEqual(
      (await calls(pm2.workers)).filter(({ error }) => error),
      [],
    );
    t.true((await leader.eventsOf('stopping')).length === 1);
    noDaemonTrouble(t, pm2);
  });
}
