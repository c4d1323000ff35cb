// SIGKILL of a leader under the real PM2, again and again under load: the first of the points of test/process/pm2.test.ts.

import test from 'ava';
import { median } from 'simple-statistics';
import { calls, noDaemonTrouble, terms } from '../../helpers/pm2/calls.js';
import { type AppProcess, MAJORS, startPm2 } from '../../helpers/pm2/process.js';
import { isAlive } from '../../helpers/process/remote.js';
import { now } from '../../helpers/process/wire.js';

const KILLS = 20;
/**
 * The time until all survivors have a call through, as a part of the time until PM2 has another worker in the place of the
 * one that was killed: the kernel's, PM2's and Node's work, as most of a failover is. So much it may be in the median.
 */
const MOST_OF_RESTART = 1 / 2;
/** When each worker had a call through after `from`, at the earliest. */
const through = (workers: readonly AppProcess[], from: number): Promise<number[]> =>
  Promise.all(workers.map(async worker => (await worker.until('call', ({ error, at }) => !error && at > from)).at));

for (const major of MAJORS) {
  test.serial(
    `pm2 ${major}: one connection for 4 workers, also after 20 SIGKILLs of the leader under load`,
    async t => {
      const pm2 = await startPm2(t, major);
      await pm2.run({ callEveryMs: 5 });
      const { daemonPid } = pm2;
      let leader = await pm2.leader('web', 4);
      t.is((await pm2.upstream.untilConnections(1)).total, 1);
      const parts: number[] = [];
      for (let i = 0; i < KILLS; i++) {
        const others = pm2.living.filter(worker => worker !== leader);
        const from = now();
        leader.kill();
        await leader.gone;
        leader = await pm2.leader('web', 4);
        const restart = now() - from;
        t.true(others.includes(leader), 'the new worker leads only where nobody else was there');
        const { at: led } = await leader.until('leader', ({ at }) => at > from);
        const failover = Math.max(...(await through(others, led))) - from;
        parts.push(failover / restart);
        t.log(
          `led after ${Math.round(led - from)} ms, all calls through after ${Math.round(failover)}, replaced after ${Math.round(restart)}`,
        );
      }
      t.true(median(parts) < MOST_OF_RESTART, parts.map(part => part.toFixed(2)).join(' '));
      t.is(pm2.daemonPid, daemonPid);
      t.true(isAlive(daemonPid));
      noDaemonTrouble(t, pm2);
      const failed = (await calls(pm2.workers)).filter(({ error }) => error);
      t.deepEqual(failed, []);
      const given = await terms(pm2.workers);
      t.is(new Set(given).size, given.length);
      const follower = pm2.living.find(worker => worker !== leader)!;
      follower.kill();
      await follower.gone;
      t.is(await pm2.leader('web', 4), leader);
      t.is(pm2.daemonPid, daemonPid);
      t.is((await pm2.upstream.untilConnections(1)).live, 1);
    },
  );
}
