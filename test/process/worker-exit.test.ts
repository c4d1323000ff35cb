// The app of a worker exits, or dies, in the middle of things: what it had with the leader is taken back.

import test from 'ava';
import { startRig } from '../helpers/process/rig.js';

test.serial(
  'a worker calls process.exit() in the middle of its calls: they are cancelled, the others go on',
  async t => {
    const { leader, followers, upstream, primary } = await startRig(t, { workers: 3 });
    const [exiting, other] = followers;
    t.deepEqual(await exiting.do.subscribe('its own'), {});
    t.deepEqual(await exiting.do.subscribe('shared'), {});
    t.deepEqual(await other!.do.subscribe('shared'), {});
    const calls = ['a', 'b'].map(id => exiting.do.call('untilAbandoned', [id]));
    for (const running of ['a', 'b']) await leader.until('running', ({ id }) => id === running);
    void exiting.do.exit(3).catch(() => {});
    for (const call of calls) await t.throwsAsync(call);
    t.like(await primary.until('exit'), { workerId: exiting.workerId, code: 3 });
    for (const abandoned of ['a', 'b']) await leader.until('abandoned', ({ id }) => id === abandoned);
    // In order: the leader has heard of the end before this call.
    t.deepEqual(await other!.do.call('echo', ['still']), { value: 'still' });
    const { topics } = await upstream.stats();
    t.is(topics['its own']!.subscribers, 0);
    t.is(topics.shared!.subscribers, 1);
    t.deepEqual(await primary.eventsOf('deposed'), []);
  },
);

test.serial('the leader calls process.exit() in the middle of calls: results that it wrote count', async t => {
  const { leader, followers, primary, connections } = await startRig(t, { workers: 3 });
  const [caller] = followers;
  const answered = await caller.do.call('echo', ['answered']);
  const plain = caller.do.call('hangOnce', ['plain']);
  const idempotent = caller.do.call('hangOnce', ['idempotent'], { idempotent: true });
  for (const hanging of ['plain', 'idempotent']) await leader.until('running', ({ id }) => id === hanging);
  void leader.do.exit(0).catch(() => {});
  t.deepEqual(answered, { value: 'answered' });
  t.like((await plain).error, { code: 'ERR_LEADER_LOST', outcome: 'unknown' });
  t.deepEqual(await idempotent, { value: 2 });
  t.like(await primary.eventsOf('deposed'), [{ workerId: leader.workerId, cause: 'exited' }]);
  t.deepEqual(await connections(1), { total: 2, inTurn: true });
});

test.serial('await close() and process.exit(): all that was said before has arrived', async t => {
  const { leader, followers, upstream, primary } = await startRig(t, { workers: 3 });
  const [closing, other] = followers;
  const calls = closing.do.callMany(100, 'before');
  await closing.do.close();
  for (const { error } of await calls) t.is(error, undefined);
  void closing.do.exit(0).catch(() => {});
  await primary.until('exit');
  t.is((await upstream.executed()).filter(({ id }) => id?.startsWith('before-')).length, 100);
  t.like(await primary.eventsOf('leave'), [{ workerId: closing.workerId }]);

  const own = leader.do.callMany(100, 'own');
  const others = other!.do.callMany(100, 'other');
  await t.throwsAsync(leader.do.closeAndExit());
  for (const { error } of await others) t.is(error, undefined);
  for (const { error } of await own) t.is(error, undefined);
  t.like(await primary.eventsOf('deposed'), [{ workerId: leader.workerId, cause: 'resigned' }]);
});

test.serial('a sticky publication ends with its worker', async t => {
  const { leader, followers, upstream } = await startRig(t, {
    workers: 3,
    client: { methods: { remove: { role: 'unpublish' } } },
  });
  const [publisher, other] = followers;
  t.deepEqual(await other!.do.subscribe('service'), {});
  await publisher.do.publish('service', 'here', { sticky: 'service' });
  await other!.until('value', ({ message }) => message === 'here');
  leader.kill();
  await other!.until('value', ({ message, sequence }) => message === 'here' && sequence === 2);
  t.like(await publisher.do.status(), { sticky: 1 });
  publisher.kill();
  await other!.until('value', ({ message }) => message === 'removed: here');
  t.like((await upstream.stats()).topics, { service: { sequence: 3 } });
});
