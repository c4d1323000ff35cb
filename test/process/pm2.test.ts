// Shared clients under the real PM2, in a home of the test's own. What there was to be shown, and where it is:
//
//   1  SIGKILL of leader (20 times) and follower under load   test/process/alone/pm2-leader-killed.test.ts
//   2  reload with and without wait_ready, calls in flight    test/process/pm2-changes.test.ts: 'a reload ...'
//   3  scale down onto the leader                             there: 'scaling down ...'
//   4  restart of all: terms                                  there: the same
//   5  SIGSTOP of the leader                                  there: 'a leader that is stopped ...'
//   6  a busy follower: the daemon's memory                   'a busy follower ...'
//   7  pm2 update, kill -9 of the daemon                      'pm2 update ...', 'when the daemon is killed ...' (two)
//   8  apps and namespaces, groups of one name                'apps and namespaces never meet ...'
//   9  ESM, instance_var, a PM2_HOME of its own               every app here is ESM in such a home; instance_var as 8
//  10  odd values never reach process.send raw                test/transport/pm2-bus.test.ts: what goes up is always text in an object
//  11  shutdown_with_message                                  there: 'a stop by message ...'
//  12  a forked child, a cluster under a fork-mode app        'a forked child ...'
//  13  a flood of log lines                                   as 6
//  14  pm2 5, 6, 7 and pm2-runtime                            `node dist/test/run.js pm2`; 'pm2-runtime ...'
//  15  a payload of 10 MB                                     as 6, and over the bus 1 MB in 'where no socket can be made ...'

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { calls, noDaemonTrouble } from '../helpers/pm2/calls.js';
import { MAJORS, startPm2 } from '../helpers/pm2/process.js';
import { isAlive } from '../helpers/process/remote.js';

const LOOP = fileURLToPath(new URL('../fixtures/process-loop.js', import.meta.url));

for (const major of MAJORS) {
  const title = (text: string) => `pm2 ${major}: ${text}`;

  test.serial(title('apps and namespaces never meet, though their groups have the same name'), async t => {
    const pm2 = await startPm2(t, major);
    await pm2.run(
      { name: 'one', instances: 2 },
      { name: 'two', instances: 2, pm2: { namespace: 'other', instance_var: 'WHICH' } },
    );
    const leaders = [await pm2.leader('one', 2), await pm2.leader('two', 2)];
    t.is((await pm2.upstream.untilConnections(2)).live, 2);
    leaders[0]!.kill();
    await leaders[0]!.gone;
    t.not(await pm2.leader('one', 2), leaders[0]);
    t.is(await pm2.leader('two', 2), leaders[1]!);
    t.is((await leaders[1]!.eventsOf('leader')).length, 1);
  });

  test.serial(
    title("a forked child, and a cluster of one's own in fork mode, are not taken for its cluster mode"),
    async t => {
      const pm2 = await startPm2(t, major);
      const [worker] = await pm2.run({ instances: 1 });
      await pm2.leader('web', 1);
      t.is(await worker!.do.child(), 'local');
      await pm2.runFork();
      await pm2.until(() => pm2.workers.length === 3);
      for (const forked of pm2.workers.slice(1)) {
        const { transport } = forked.do as unknown as { transport(): Promise<string> };
        t.is(await transport(), 'cluster');
      }
    },
  );

  test.serial(title('a busy follower and a flood of log lines harm nobody, and 10 MB come through'), async t => {
    const pm2 = await startPm2(t, major);
    await pm2.run({ instances: 3, callEveryMs: 20 }, { name: 'noise', instances: 1, floodsLog: true, waits: true });
    const leader = await pm2.leader('web', 3);
    const followers = pm2.living.filter(worker => worker !== leader);
    const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pm2.daemonPid}/status`, 'utf8'))![1]);
    const before = rss();
    const [busy] = await Promise.all(
      followers.map(async worker => ((await worker.do.app()) === 'web' ? worker : undefined)),
    ).then(found => found.filter(worker => worker !== undefined));
    await busy!.do.block(3000);
    const grew = (rss() - before) / 1024;
    t.log(
      `the daemon grew by ${Math.round(grew)} MB while a follower did not read for 3 s, beside a flood of log lines`,
    );
    t.true(grew < 200, `${grew} MB`);
    const { value } = await busy!.do.call('same', ['x'.repeat(10_000_000)]);
    t.is((value as string).length, 10_000_000);
    t.is(await pm2.leader('web', 3), leader);
    t.deepEqual(
      (await calls([leader, busy!])).filter(({ error }) => error),
      [],
    );
  });

  test.serial(title('when the daemon is killed all workers end, and a new one begins with a higher term'), async t => {
    const pm2 = await startPm2(t, major);
    await pm2.run({ instances: 2 });
    const { term } = await (await pm2.leader('web', 2)).do.status();
    const old = pm2.workers.slice();
    process.kill(pm2.daemonPid, 'SIGKILL');
    await Promise.all(old.map(worker => worker.gone));
    await pm2.until(() => old.every(({ pid }) => !isAlive(pid)));
    await pm2.run({ instances: 2 });
    t.true((await (await pm2.leader('web', 2)).do.status()).term > term);
  });

  test.serial(
    title('when the daemon is killed, workers that ask for ever end too, and the leader closes its real client'),
    async t => {
      const pm2 = await startPm2(t, major);
      const says = join(pm2.home, 'says');
      writeFileSync(says, '');
      const lines = () => readFileSync(says, 'utf8').trim().split('\n');
      const asking = () => lines().filter(line => /^\d+ (leads|follows)$/.test(line));
      // To close takes longer than the second after which @pm2/io finds that it can't report.
      const app = {
        name: 'loop',
        script: LOOP,
        exec_mode: 'cluster',
        instances: 2,
        env: { SAYS: says, CLOSE_MS: '2500', DRAIN_MS: '30000' },
      };
      writeFileSync(join(pm2.home, 'loop.json'), JSON.stringify({ apps: [app] }));
      await pm2.cli('start', join(pm2.home, 'loop.json'));
      await pm2.until(() => asking().length === 2);
      t.is(asking().filter(line => line.endsWith('leads')).length, 1, lines().join());
      const pids = asking().map(line => Number.parseInt(line, 10));
      process.kill(pm2.daemonPid, 'SIGKILL');
      await pm2.until(() => pids.every(pid => !isAlive(pid)));
      t.deepEqual(
        lines()
          .filter(line => !asking().includes(line))
          .sort(),
        ['closed the real client', 'disconnect undefined', 'disconnect undefined', 'exit 0', 'exit 0'],
      );
    },
  );

  test.serial(title('pm2 update starts all anew'), async t => {
    const pm2 = await startPm2(t, major);
    await pm2.run({ instances: 2 });
    const { term } = await (await pm2.leader('web', 2)).do.status();
    const { daemonPid } = pm2;
    await pm2.cli('update');
    await pm2.until(() => pm2.workers.length === 4);
    t.true((await (await pm2.leader('web', 2)).do.status()).term > term);
    t.not(pm2.daemonPid, daemonPid);
  });

  test.serial(title('where no socket can be made, data goes over the bus if it may'), async t => {
    const pm2 = await startPm2(t, major);
    await pm2.run({ instances: 3, callEveryMs: 20, hasNoSocket: true, configure: { busData: true } });
    const leader = await pm2.leader('web', 3);
    const [follower] = pm2.living.filter(worker => worker !== leader);
    const { value } = await follower!.do.call('same', ['x'.repeat(1_000_000)]);
    t.is((value as string).length, 1_000_000);
    t.regex((await follower!.until('warning')).message, /^Data goes over PM2's bus.*no socket/);
    leader.kill();
    await leader.gone;
    t.not(await pm2.leader('web', 3), leader);
    t.is((await follower!.do.call('same', ['after'])).value, 'after');
    t.deepEqual(
      (await calls(pm2.workers)).filter(({ error }) => error),
      [],
    );
    noDaemonTrouble(t, pm2);
  });

  test.serial(title('where TMPDIR is too long for a socket, warnings and calls say so'), async t => {
    const pm2 = await startPm2(t, major, home => ({ TMPDIR: join(home, 'x'.repeat(100)) }));
    await pm2.run({ instances: 2 });
    const leader = await pm2.leader('web', 2);
    const [follower] = pm2.living.filter(worker => worker !== leader);
    const why = /can't be reached past PM2's bus: .* is too long for the path of a socket; set TMPDIR to a shorter one/;
    for (const worker of [leader, follower!]) t.regex((await worker.until('warning')).message, why);
    const { error } = await follower!.do.call('echo', [1], { timeoutMs: 100 });
    t.is(error?.code, 'ERR_TIMEOUT');
    t.regex(error!.message, why);
    t.deepEqual(await leader.do.call('echo', [1]), { value: 1 });
    noDaemonTrouble(t, pm2);
  });

  test.serial(title('it shows who leads'), async t => {
    const pm2 = await startPm2(t, major);
    await pm2.run({ instances: 1, callEveryMs: 50 });
    await pm2.leader('web', 1);
    await pm2.until(async () => /probe: leader/.test(await pm2.cli('jlist')));
    const [{ pm2_env }] = JSON.parse(await pm2.cli('jlist')) as [
      { pm2_env: { axm_monitor: Record<string, { value: unknown }> } },
    ];
    t.is(pm2_env.axm_monitor['probe: leader']!.value, 'worker 1');
    t.truthy(pm2_env.axm_monitor['probe: failovers']);
  });

  test.serial(title('pm2-runtime works the same'), async t => {
    const pm2 = await startPm2(t, major);
    await pm2.cli('kill');
    const end = pm2.runtime({ instances: 2 });
    t.teardown(end);
    await pm2.until(() => pm2.workers.length === 2);
    const leader = await pm2.leader('web', 2);
    leader.kill();
    await leader.gone;
    t.not(await pm2.leader('web', 2), leader);
    await end();
  });

  for (const closes of [true, false]) {
    const what = closes
      ? 'closes its real client and leaves nothing'
      : 'that exits without close() leaves no directory';
    test.serial(title(`the documented app ${what} at pm2 stop`), async t => {
      const pm2 = await startPm2(t, major);
      const folder = mkdtempSync(join(process.cwd(), 'dist', 'readme-'));
      t.teardown(() => rmSync(folder, { recursive: true }));
      const blocks = readFileSync('lib/pm2/README.md', 'utf8').split('```js app.js\n').slice(1);
      const app = blocks.map(block => block.split('\n```')[0]!).find(block => block.includes('SIGINT'))!;
      writeFileSync(join(folder, 'app.js'), closes ? app : app.replace('await registry.close();', ''));
      const log = join(folder, 'log');
      writeFileSync(
        join(folder, 'registry.js'),
        `import { appendFileSync } from 'node:fs';
        const say = what => appendFileSync(${JSON.stringify(log)}, what + '\\n');
        export class Registry {
          async ready() { say('open'); }
          async get(key) { return key; }
          async close() { await new Promise(resolve => setTimeout(resolve, 50)); say('close'); }
        }`,
      );
      const apps = [
        { name: 'web', script: 'app.js', cwd: folder, exec_mode: 'cluster', instances: 2, wait_ready: true },
      ];
      writeFileSync(join(folder, 'ecosystem.json'), JSON.stringify({ apps }));
      await pm2.cli('start', join(folder, 'ecosystem.json'));
      await pm2.until(() => pm2.temporary().length === 1);
      await pm2.cli('stop', 'web');
      t.deepEqual(pm2.temporary(), []);
      const lines = readFileSync(log, 'utf8').trim().split('\n');
      const count = (word: string) => lines.filter(line => line === word).length;
      if (closes) t.is(count('close'), count('open'), lines.join());
      t.true(count('open') > 0);
    });
  }

  test.serial(title('a daemon whose files were put elsewhere is found'), async t => {
    const pm2 = await startPm2(t, major, home => ({
      PM2_PID_FILE_PATH: join(home, 'elsewhere.pid'),
      PM2_DAEMON_PUB_PORT: join(home, 'elsewhere-pub.sock'),
      PM2_DAEMON_RPC_PORT: join(home, 'elsewhere-rpc.sock'),
    }));
    const workers = await pm2.run({ instances: 2 });
    await pm2.leader('web', 2);
    for (const worker of workers) t.deepEqual(await worker.do.call('echo', [1]), { value: 1 });
  });
}

test.serial('what looks like a worker of PM2, and finds no daemon, says what can be done under PM2', async t => {
  const script = `
    import cluster from 'node:cluster';
    import { createSharedClient } from 'cluster-shared-client';
    if (cluster.isPrimary) {
      const worker = cluster.fork({ pm_id: '0', exec_mode: 'cluster_mode', PM2_HOME: '/nowhere' });
      worker.on('message', text => typeof text === 'string' && process.stdout.write(text, () => worker.process.kill()));
    } else {
      const client = createSharedClient({ name: 'g', primaryTimeoutMs: 100, open: () => ({}) });
      client.ready().catch(error => process.send(error.code + ' ' + error.message));
    }`;
  const folder = mkdtempSync(join(process.cwd(), 'dist', 'looks-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'app.mjs'), script);
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'app.mjs')]);
  t.regex(stdout, /^ERR_NO_PRIMARY .*\/nowhere\/pm2\.pid doesn't name its parent\. .*PM2_PID_FILE_PATH/);
});
