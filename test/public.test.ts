import test from 'ava';
import { createSharedClient, setupPrimary } from '../lib/index.js';
import { Runtime } from '../lib/runtime/runtime.js';
import { createMemoryCluster } from '../lib/testing.js';
import type { WorkerEndHandlers } from '../lib/transport/transport.js';
import { systemClock } from '../lib/utils/clock.js';

class Echo {
  async echo(value: string) {
    return value;
  }
}

test.serial('a plain process leads by itself, and its signals are listened to only while it has a client', async t => {
  const before = process.listenerCount('SIGUSR2');
  const client = createSharedClient(Echo, { name: 'plain', resignOn: ['SIGUSR2'] });
  t.is(process.listenerCount('SIGUSR2'), before + 1);
  t.is(await client.echo('here'), 'here');
  await client.close();
  t.is(process.listenerCount('SIGUSR2'), before);
});

test.serial(
  'on a signal the real client is let go of, and the signal is raised again when nobody else listens',
  async t => {
    const { kill } = process;
    const client = createSharedClient(Echo, { name: 'signalled', resignOn: ['SIGUSR2'] });
    await client.ready();
    const raised = new Promise<unknown[]>(resolve => {
      process.kill = (...args) => {
        resolve(args);
        return true;
      };
    });
    process.emit('SIGUSR2');
    t.deepEqual(await raised, [process.pid, 'SIGUSR2']);
    process.kill = kill;
    t.false(client.isLeader);
    await client.close();
  },
);

test.serial('called again without options it is the same primary, whatever the first were', async t => {
  const primary = setupPrimary({ route: 'direct' });
  t.is(setupPrimary(), primary);
  await primary.close();
});

test('what the real client emits as an error is one when it arrives', async t => {
  let emit: ((error: unknown) => void) | undefined;
  class Emitting {
    on(_event: string, listener: (error: unknown) => void) {
      emit = listener;
    }
  }
  const client = createSharedClient(Emitting, { name: 'emitting', standalone: true });
  await client.ready();
  const received = new Promise<Error>(resolve => client.once('error', resolve));
  emit?.('boom');
  t.true((await received) instanceof Error);
  await client.close();
});

test('publish() of a client whose publish has no such role is refused', async t => {
  class Publishing {
    async publish(_message: string) {}
  }
  const options = { name: 'publishing', standalone: true, methods: { publish: { role: 'invoke' } } } as const;
  const client = createSharedClient(Publishing, options);
  await t.throwsAsync(client.publish('x'), { code: 'ERR_UNKNOWN_METHOD' });
  await client.close();
});

test('an error of another worker that is no JSON becomes one that says so', async t => {
  let handlers: WorkerEndHandlers | undefined;
  let id = '';
  const host = new Runtime({
    where: 'worker',
    clock: systemClock,
    createWorkerEnd: () => ({
      kind: 'memory',
      self: { workerId: 1, pid: 1 },
      listen(given) {
        handlers = given;
      },
      send(message, written) {
        const [frame] = (message as { c?: { id?: string }[] }).c ?? [];
        id ||= frame?.id ?? '';
        systemClock.defer(written);
      },
      close() {},
    }),
  });
  const client = host.createSharedClient(Echo, { name: 'broken' }) as {
    ready(): Promise<void>;
    close(): Promise<void>;
  };
  const ready = client.ready();
  let down = 0;
  const report = (frame: object) => handlers?.message({ $csc: 1, link: 7, down: ++down, c: [frame] }, 'public');
  report({ k: 'welcome', version: 1, id, workerId: 1, heartbeatMs: 500, leaderTimeoutMs: 3000, route: 'relay' });
  report({ k: 'update', group: 'broken', term: 1, phase: 'failed', error: { text: '{', ext: false } });
  const error = await t.throwsAsync(ready, { code: 'ERR_LEADER_FAILED' });
  t.like(error?.cause, { code: 'ERR_PROTOCOL' });
  await client.close();
});

test('a cluster in memory is asked for its serialization when it is forked, not by its primary', async t => {
  const cluster = createMemoryCluster();
  cluster.setupPrimary({ serialization: 'json' });
  const client = cluster.fork().createSharedClient(Echo, { name: 'memory' });
  t.is(await client.echo('there'), 'there');
  cluster.close();
});
