// How a term ended, and with what error, where people look for it: events of both sides, statuses, diagnostics channels.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import type { OpenContext, PrimaryEvents } from '../../lib/index.js';
import { type Rig, system } from '../helpers/system/test.js';

class Down extends RangeError {
  readonly code = 'E_DOWN';
}
const DOWN = { name: 'RangeError', message: 'the server is gone', code: 'E_DOWN' };
const down = () => new Down('the server is gone');

/** Clients of two workers whose real clients the test can break, and what the primary says of their ends. */
async function setUp(rig: Rig, open: (context: OpenContext) => object = () => ({ get: async () => 1, close() {} })) {
  const contexts: OpenContext[] = [];
  const clients = [rig.fork(), rig.fork()].map(worker =>
    rig.adopt(
      worker.createSharedClient<{ get(): Promise<number> }>({
        name: 'g',
        readyTimeoutMs: 100,
        failOn: ['end'],
        open: context => {
          contexts.push(context);
          return open(context) as { get(): Promise<number> };
        },
      }),
      worker,
    ),
  );
  const deposed: PrimaryEvents['deposed'][0][] = [];
  rig.primary.on('deposed', event => deposed.push(event));
  return { clients, contexts, deposed };
}

system('a real client that fails: its error is in each event and status that tells of the end', async (t, rig) => {
  const { clients, contexts, deposed } = await setUp(rig);
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  const reported: unknown[] = [];
  const onDeposed = (message: unknown) => reported.push(message);
  subscribe('cluster-shared-client:deposed', onDeposed);
  const [leader, other] = clients;
  const term = leader!.term;
  const events: [string, string | undefined, unknown, unknown][] = [];
  for (const [i, client] of clients.entries()) {
    client.on('leader', ({ cause, error }) => events.push([`${i} leads`, cause, error?.name, error?.message]));
    client.on('follower', ({ cause, error }) => events.push([`${i} follows`, cause, error?.name, error?.message]));
    client.on('error', ({ name, message }) => events.push([`${i} error`, undefined, name, message]));
  }
  contexts[0]!.fail(down());
  await rig.time.until(other!.with({ idempotent: true }).get());
  await rig.time.settle();
  unsubscribe('cluster-shared-client:deposed', onDeposed);

  t.like(deposed, [{ name: 'g', term, workerId: 1, cause: 'broken' }]);
  t.true(deposed[0]!.error instanceof RangeError);
  t.like(deposed[0]!.error, DOWN);
  t.deepEqual(events.slice(0, 2), [
    ['0 error', undefined, DOWN.name, DOWN.message],
    ['0 follows', 'broken', DOWN.name, DOWN.message],
  ]);
  const next = clients.findIndex(client => client.isLeader);
  t.deepEqual(events.slice(2), [[`${next} leads`, 'broken', DOWN.name, DOWN.message]]);
  const ended = { term, cause: 'broken', error: DOWN } as const;
  const [group] = rig.primary.status().groups;
  t.deepEqual(group!.ended, ended);
  t.deepEqual(group!.failovers.last?.error, DOWN);
  for (const client of clients) {
    t.deepEqual(client.status().ended, ended);
    t.deepEqual(client.status().failovers.last?.error, DOWN);
  }
  t.deepEqual(JSON.parse(JSON.stringify(rig.primary.status())).groups[0].ended, ended);
  const messages = reported.filter(message => (message as { cause: string }).cause === 'broken');
  t.is(messages.length, 3, 'the primary and both members');
  for (const message of messages) t.like((message as { error: Error }).error, DOWN);
});

system('an event of failOn: its error is in deposed and in each status until the next term ends', async (t, rig) => {
  const real: EventEmitter[] = [];
  const { clients, deposed } = await setUp(rig, () => {
    real.push(Object.assign(new EventEmitter(), { get: async () => 1, close() {} }));
    return real.at(-1)!;
  });
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  const ends = [
    { emit: () => real[0]!.emit('end', down()), error: DOWN },
    { emit: () => real[1]!.emit('end'), error: { name: 'Error', message: 'The real client emitted "end".' } },
  ];
  for (const { emit, error } of ends) {
    const { term } = clients[0]!;
    emit();
    await rig.time.until(clients[1]!.with({ idempotent: true }).get());
    await rig.time.settle();
    t.like(deposed.at(-1), { term, cause: 'broken', error });
    const statuses = [rig.primary.status().groups[0]!, ...clients.map(client => client.status())];
    for (const { ended } of statuses) t.like(ended, { term, cause: 'broken', error });
  }
  await rig.time.until(rig.primary.transfer('g'));
  await rig.time.settle();
  t.is(deposed.at(-1)!.error, undefined);
  const statuses = [rig.primary.status().groups[0]!, ...clients.map(client => client.status())];
  for (const { ended } of statuses) t.is(ended!.error, undefined);
});

system('a real client that can not be opened: each attempt is told with its error', async (t, rig) => {
  let isDown = true;
  const { clients, deposed } = await setUp(rig, () => {
    if (isDown) throw down();
    return { get: async () => 1, close() {} };
  });
  await rig.time.advance(2000);
  t.true(deposed.length > 2);
  for (const { cause, error } of deposed) {
    t.is(cause, 'failed');
    t.like(error, DOWN);
  }
  t.like(rig.primary.status().groups[0]!.ended, { cause: 'failed', error: DOWN });
  const ready = t.throwsAsync(clients[0]!.ready(), { code: 'ERR_LEADER_FAILED' });
  await rig.time.advance(101);
  t.like((await ready)?.cause, DOWN);
  isDown = false;
  const first: unknown[] = [];
  for (const client of clients) client.on('leader', ({ cause, error }) => first.push(cause, error?.message));
  await rig.time.advance(10_000);
  t.deepEqual(first, ['failed', DOWN.message]);
});

system('of an outage that nobody waits for, one error event is told in each worker that tries', async (t, rig) => {
  let isDown = false;
  const { clients, contexts } = await setUp(rig, () => {
    if (isDown) throw down();
    return { get: async () => 1, close() {} };
  });
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  const errors = clients.map(client => {
    const own: string[] = [];
    client.on('error', ({ message }) => own.push(message));
    return own;
  });
  isDown = true;
  contexts[0]!.fail(new Error('lost'));
  await rig.time.advance(20_000);
  t.deepEqual(errors.flat().sort(), ['lost', DOWN.message, DOWN.message].sort());
  isDown = false;
  await rig.time.advance(60_000);
  contexts.at(-1)!.fail(new Error('lost again'));
  await rig.time.settle();
  t.true(errors.flat().includes('lost again'));
});

system('what a client says while it is closed is no error event', async (t, rig) => {
  const { clients } = await setUp(rig, ({ fail }) => ({ get: async () => 1, close: () => fail(down()) }));
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  const errors: unknown[] = [];
  for (const client of clients) client.on('error', error => errors.push(error));
  await rig.time.until(rig.primary.transfer('g'));
  await rig.time.until(Promise.all(clients.map(client => client.get())));
  t.deepEqual(errors, []);
  for (const client of clients) t.like(client.status().ended, { cause: 'resigned' });
  t.false('error' in clients[0]!.status().ended!);
});

system('failovers are counted since the start of the primary, whoever was in the group meanwhile', async (t, rig) => {
  const { clients, contexts } = await setUp(rig);
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  contexts[0]!.fail(down());
  await rig.time.until(clients[1]!.with({ idempotent: true }).get());
  await rig.time.until(Promise.all(clients.map(client => client.close())));
  t.deepEqual(rig.primary.status().groups, []);
  const again = rig.adopt(
    rig.workers[0]!.createSharedClient({ name: 'g', open: () => ({ get: async () => 1, close() {} }) }),
    rig.workers[0],
  );
  await rig.time.until(again.ready());
  const [group] = rig.primary.status().groups;
  t.like(group!.failovers, { count: 1, causes: { broken: 1 } });
  t.like(again.status().failovers, { count: 1, causes: { broken: 1 } });
  t.is(group!.ended, undefined, 'of this group no term has ended');
});
