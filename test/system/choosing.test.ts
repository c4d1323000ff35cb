import type { Candidate } from '../../lib/index.js';
import { recorder, system, watch } from '../helpers/system/test.js';

system('who leads the fewest groups leads next, then the youngest', async (t, rig) => {
  const workers = [rig.fork(), rig.fork(), rig.fork()];
  for (const worker of workers) {
    rig.client(worker, { name: 'a' });
    rig.client(worker, { name: 'b', eligible: worker !== workers[0] });
    await rig.time.advance(10);
  }
  t.deepEqual([rig.leader('a').workerId, rig.leader('b').workerId], [1, 2]);
  workers[0]!.kill();
  await rig.time.settle();
  t.is(rig.leader('a').workerId, 3);
  workers[2]!.kill();
  await rig.time.settle();
  t.deepEqual([rig.leader('a').workerId, rig.leader('b').workerId], [2, 2]);
  const late = [rig.fork(), rig.fork()];
  for (const worker of late) {
    rig.client(worker, { name: 'a' });
    await rig.time.advance(10);
  }
  await rig.time.until(rig.primary.transfer('a'));
  t.is(rig.leader('a'), late[1]!);
});

system('the highest priority goes first, who may not lead never does', async (t, rig) => {
  const priorities = [5, 1, 9, 3];
  const clients = await rig.clients(4, i => ({ priority: priorities[i]!, eligible: i !== 2 }));
  t.true(clients[0]!.isLeader, 'nobody is pushed out for a higher priority');
  rig.workers[0]!.kill();
  await rig.time.settle();
  t.true(clients[3]!.isLeader);
  rig.workers[3]!.kill();
  await rig.time.settle();
  t.true(clients[1]!.isLeader);
  rig.workers[1]!.kill();
  await rig.time.settle();
  t.is(rig.primary.status().groups[0]!.leader, undefined);
});

system(
  'chooseLeader chooses; a throw or a non-candidate is a warning, and the default',
  async (t, rig) => {
    const seen: [readonly Candidate[], string][] = [];
    let choose: (candidates: readonly Candidate[]) => Candidate = candidates => candidates[0]!;
    rig.setup({
      chooseLeader: (candidates, name) => {
        seen.push([candidates, name]);
        return choose(candidates);
      },
    });
    await rig.clients(5);
    t.deepEqual(seen[0], [
      [{ workerId: 1, pid: rig.workers[0]!.pid, joinedAt: seen[0]![0][0]!.joinedAt, leads: 0, priority: 0 }],
      'g',
    ]);
    choose = candidates => candidates.find(({ workerId }) => workerId === 3)!;
    rig.leader().kill();
    await rig.time.settle();
    t.is(rig.leader().workerId, 3);
    t.deepEqual(rig.warnings, []);
    choose = () => {
      throw new Error('no idea');
    };
    rig.leader().kill();
    await rig.time.settle();
    t.is(rig.warnings.length, 1);
    t.regex(rig.warnings[0]!, /chooseLeader threw/);
    choose = () => ({ workerId: 77 }) as Candidate;
    rig.leader().kill();
    await rig.time.settle();
    t.regex(rig.warnings[1]!, /none of the candidates/);
    choose = () => undefined as never;
    rig.leader().kill();
    await rig.time.settle();
    t.is(rig.warnings.length, 3);
    t.truthy(rig.leader());
  },
  { primary: false },
);

system('two groups led by two workers do not touch each other', async (t, rig) => {
  const workers = [rig.fork(), rig.fork()];
  const [a1, a2] = workers.map((worker, i) => rig.client(worker, { name: 'a', priority: -i }));
  const [b1, b2] = workers.map((worker, i) => rig.client(worker, { name: 'b', priority: i, eligible: i === 1 }));
  await rig.time.until(Promise.all([a1, a2, b1, b2].map(client => client!.ready())));
  t.deepEqual([rig.leader('a'), rig.leader('b')], workers);
  const results = [a1, a2, b1, b2].map(client => client!.where());
  t.deepEqual(
    (await rig.time.until(Promise.all(results))).map(({ workerId, name }) => [workerId, name]),
    [
      [1, 'a'],
      [1, 'a'],
      [2, 'b'],
      [2, 'b'],
    ],
  );
  const log = recorder();
  await rig.time.until(b1!.subscribe('topic', log.listener).ready);
  rig.upstream('a').push('topic', 'wrong');
  rig.upstream('b').push('topic', 'right');
  await rig.time.until(rig.primary.transfer('a'));
  await rig.time.settle();
  t.deepEqual(log.values, ['right']);
  t.is(rig.upstream('b').clients.length, 1);
  t.deepEqual([a2!.isLeader, b2!.isLeader], [true, true]);
});

for (const name of ['__proto__', 'constructor', 'a\nb\r\n"c"', 'toString', '🦊', ' ', 'x'.repeat(512)]) {
  system(
    `a group may be named ${JSON.stringify(name).slice(0, 20)}`,
    async (t, rig) => {
      const clients = await rig.clients(3, { name });
      const other = rig.client(rig.workers[0], { name: 'g' });
      await rig.time.until(other.ready());
      const log = recorder();
      await rig.time.until(clients[2]!.subscribe('topic', log.listener).ready);
      const call = watch(clients[1]!.with({ idempotent: true }).echo(1));
      rig.leader(name).kill();
      await rig.time.settle();
      t.is(call.end, 'ok');
      rig.upstream(name).push('topic', 1);
      await rig.time.settle();
      t.deepEqual(log.values, [1]);
      t.deepEqual(
        rig.primary.status().groups.map(group => group.name),
        [name],
      );
      await rig.time.until(rig.primary.transfer(name));
      t.is((Object.prototype as { leader?: unknown }).leader, undefined);
    },
    { over: ['json'] },
  );
}

system('a rolling restart: a leader at any time, and no call fails', async (t, rig) => {
  await rig.clients(3);
  const keeper = rig.client(rig.fork(), { eligible: false });
  await rig.time.until(keeper.ready());
  const calls: ReturnType<typeof watch>[] = [];
  for (const worker of rig.workers.slice(0, 3)) {
    const next = rig.client(rig.fork());
    await rig.time.until(next.ready());
    calls.push(watch(keeper.work('slow', 30)), watch(keeper.echo(1)));
    const leaving = rig.client(worker);
    void leaving.close();
    await rig.time.advance(10);
    calls.push(watch(keeper.echo(2)));
    await rig.time.advance(100);
  }
  t.deepEqual([...new Set(calls.map(call => call.end))], ['ok']);
});
