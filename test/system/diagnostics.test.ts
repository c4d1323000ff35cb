// What is told on diagnostics channels.

import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import test from 'ava';
import type { CallTrace, DiagnosticsMessages, DiagnosticsName, SharedClientError } from '../../lib/index.js';
import { endOf, type Rig, system } from '../helpers/system/test.js';

const NAMES: readonly DiagnosticsName[] = [
  'join',
  'leave',
  'appointed',
  'ready',
  'deposed',
  'vacant',
  'resync',
  'overload',
  'warning',
];

interface Published {
  readonly name: DiagnosticsName;
  readonly message: DiagnosticsMessages[DiagnosticsName];
}

/** Listens to all plain channels while `use` runs. */
async function listening(use: (published: Published[]) => Promise<void>): Promise<void> {
  const published: Published[] = [];
  const listeners = NAMES.map(name => {
    const listener = (message: unknown) => void published.push({ name, message: message as Published['message'] });
    subscribe(`cluster-shared-client:${name}`, listener);
    return () => unsubscribe(`cluster-shared-client:${name}`, listener);
  });
  try {
    await use(published);
  } finally {
    for (const stop of listeners) stop();
  }
}

/** What one of them told: `ready 2`, `deposed 1 exited`. */
function storyOf(published: readonly Published[], member?: number): string[] {
  return published
    .filter(({ message }) => message.member === member)
    .map(({ name, message }) => {
      const { workerId, cause } = message as { workerId?: number; cause?: string };
      return [name, workerId, cause].filter(word => word !== undefined).join(' ');
    });
}

system('the primary and each member tell who comes, goes and leads', async (t, rig) => {
  await listening(async published => {
    const clients = await rig.clients(2);
    await rig.time.settle();
    const [first] = rig.workers;
    first!.kill();
    await rig.time.until(clients[1]!.ready());
    await rig.time.settle();
    const story = [
      'join 1',
      'appointed 1',
      'ready 1',
      'join 2',
      'deposed 1 exited',
      'appointed 2',
      'leave 1',
      'ready 2',
    ];
    t.deepEqual(storyOf(published).sort(), story.sort());
    t.deepEqual(storyOf(published, 1), ['join 1', 'appointed 1', 'ready 1']);
    t.deepEqual(storyOf(published, 2), [
      'join 2',
      'appointed 1',
      'ready 1',
      'deposed 1 exited',
      'appointed 2',
      'ready 2',
    ]);
    const join = published.find(({ name, message }) => name === 'join' && message.side === 'primary');
    t.deepEqual(join, { name: 'join', message: { side: 'primary', group: 'g', workerId: 1, pid: first!.pid } });
    const ready = published.find(({ name, message }) => name === 'ready' && message.member === 2)!;
    t.like(ready.message, { side: 'member', member: 2, group: 'g', pid: first!.pid });
    published.length = 0;
    await rig.time.until(clients[1]!.close());
    await rig.time.settle();
    t.deepEqual(storyOf(published, 2), ['leave 2']);
    t.deepEqual(storyOf(published), ['deposed 2 resigned', 'vacant', 'leave 2']);
  });
});

system('a leader that can not be reached is deposed once that is sure', async (t, rig) => {
  await listening(async published => {
    await rig.clients(2);
    rig.workers[0]!.disconnect();
    await rig.time.settle();
    for (const member of [2, undefined]) t.false(storyOf(published, member).includes('deposed 1 disconnected'));
    await rig.time.advance(1000);
    for (const member of [2, undefined]) t.true(storyOf(published, member).includes('deposed 1 disconnected'));
    t.is(storyOf(published, 2).filter(line => line.startsWith('deposed')).length, 1);
  });
});

system('a resync and a warning are told where they are heard', async (t, rig) => {
  await listening(async published => {
    const clients = await rig.clients(2);
    await rig.time.until(clients[1]!.subscribe('topic', () => {}).ready);
    rig.workers[0]!.kill();
    await rig.time.until(clients[1]!.ready());
    await rig.time.settle();
    const resync = published.find(({ name }) => name === 'resync')!;
    t.like(resync.message, { side: 'member', member: 2, group: 'g', topic: 'topic', reason: 'failover' });
    rig.client(rig.fork(), { openTimeoutMs: 77 });
    await rig.time.settle();
    const warnings = published.filter(({ name }) => name === 'warning').map(({ message }) => message);
    t.deepEqual(warnings.map(({ member }) => member).sort(), [2, 3, undefined]);
    for (const warning of warnings) {
      t.is(warning.group, 'g');
      t.regex((warning as { message: string }).message, /openTimeoutMs/);
    }
  });
});

test('a name that is hidden is a warning too', async t => {
  const { createSharedClient } = await import('../../lib/index.js');
  await listening(async published => {
    class Hidden {
      status() {}
    }
    const client = createSharedClient(Hidden, { name: 'hidden', standalone: true });
    await new Promise(resolve => client.once('warning', resolve));
    t.like(
      published.find(({ name }) => name === 'warning'),
      { message: { group: 'hidden', side: 'member' } },
    );
    await client.close();
  });
});

system(
  'what finds no room is told by the primary, and by the caller',
  async (t, rig) => {
    await listening(async published => {
      const clients = await rig.clients(3);
      await rig.time.until(clients[2]!.subscribe('topic', () => {}).ready);
      const [leader, caller, subscriber] = rig.workers;
      const overloads = (member?: number) =>
        published
          .filter(({ name, message }) => name === 'overload' && message.member === member)
          .map(({ message }) => message as DiagnosticsMessages['overload'])
          .map(({ what, workerId }) => `${what} ${workerId}`);
      const many = async <T>(each: (n: number) => T) => {
        const all: T[] = [];
        for (let n = 0; n < 10; n++) {
          all.push(each(n));
          await rig.time.settle();
        }
        return all;
      };
      const large = (n: number) => `${n}`.repeat(600_000);
      subscriber!.stopReading();
      await many(n => rig.upstream().push('topic', large(n)));
      subscriber!.startReading();
      t.deepEqual([...new Set(overloads())], ['values 3']);

      published.length = 0;
      leader!.stopReading();
      const calls = await many(n => endOf(clients[1]!.echo(large(n))));
      leader!.startReading();
      t.true((await rig.time.until(Promise.all(calls))).includes('ERR_OVERLOADED not-started'));
      t.deepEqual([...new Set(overloads())], ['calls 1']);
      t.deepEqual([...new Set(overloads(2))], ['calls 2']);

      published.length = 0;
      caller!.stopReading();
      const results = await many(n => endOf(clients[1]!.echo(large(n))));
      caller!.startReading();
      t.true((await rig.time.until(Promise.all(results))).includes('ERR_OVERLOADED unknown'));
      t.deepEqual([...new Set(overloads())], ['results 2']);
      t.deepEqual([...new Set(overloads(2))], ['results 2']);
    });
  },
  { over: ['advanced', 'json'], primary: { maxQueuedBytes: 2 * 1024 * 1024 } },
);

// ------------------------------------------------------------------------------------------------------- calls

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** Watches calls while `use` runs: what was told of each, in order. */
async function watchingCalls(
  use: (seen: { readonly event: string; readonly trace: CallTrace }[]) => Promise<void>,
): Promise<void> {
  const seen: { event: string; trace: CallTrace }[] = [];
  const handlers = Object.fromEntries(
    EVENTS.map(event => [event, (trace: unknown) => void seen.push({ event, trace: trace as CallTrace })]),
  ) as Record<(typeof EVENTS)[number], (trace: unknown) => void>;
  const channel = tracingChannel('cluster-shared-client:call');
  channel.subscribe(handlers);
  try {
    await use(seen);
  } finally {
    channel.unsubscribe(handlers);
  }
}

type Seen = Parameters<Parameters<typeof watchingCalls>[0]>[0];

const eventsOf = (seen: Seen, side: CallTrace['side']) =>
  seen.filter(({ trace }) => trace.side === side).map(({ event }) => event);

const traceOf = (seen: Seen, side: CallTrace['side']) => seen.find(({ trace }) => trace.side === side)!.trace;

async function twoClients(rig: Rig) {
  const [leading, following] = await rig.clients(2);
  await rig.connect();
  return { leading: leading!, following: following! };
}

system('a call is told of on both sides, with where it ran and what it returned', async (t, rig) => {
  const { following } = await twoClients(rig);
  // By then a direct route is there, both ways.
  await rig.time.until(following.echo('first'));
  await rig.time.settle();
  await watchingCalls(async seen => {
    t.is(await rig.time.until(following.echo('x')), 'x');
    const { term } = following;
    for (const side of ['caller', 'leader'] as const) {
      t.deepEqual(eventsOf(seen, side), ['start', 'end', 'asyncStart', 'asyncEnd']);
      t.is(new Set(seen.filter(({ trace }) => trace.side === side).map(({ trace }) => trace)).size, 1, 'one object');
    }
    t.deepEqual(traceOf(seen, 'caller'), {
      side: 'caller',
      group: 'g',
      method: 'echo',
      term,
      route: rig.route,
      result: 'x',
    });
    t.deepEqual(traceOf(seen, 'leader'), {
      side: 'leader',
      group: 'g',
      method: 'echo',
      term,
      route: rig.route,
      caller: 2,
      result: 'x',
    });
  });
});

system('in the leader itself a call goes by the local route', async (t, rig) => {
  const { leading } = await twoClients(rig);
  await watchingCalls(async seen => {
    await rig.time.until(leading.echo('x'));
    t.like(traceOf(seen, 'caller'), { route: 'local' });
    t.like(traceOf(seen, 'leader'), { route: 'local', caller: 1 });
  });
});

system('an error is told on both sides, and thrown as without anybody who watches', async (t, rig) => {
  const { following } = await twoClients(rig);
  const failing = async () => {
    try {
      return await following.fail(new RangeError('no'));
    } catch (error) {
      return error as Error;
    }
  };
  const plain = await rig.time.until(failing());
  await watchingCalls(async seen => {
    const watched = await rig.time.until(failing());
    t.deepEqual([watched.name, watched.message], [plain.name, plain.message]);
    for (const { stack } of [plain, watched]) t.regex(stack!, /awaited at(?:.|\n)*failing/);
    for (const side of ['caller', 'leader'] as const) {
      t.deepEqual(eventsOf(seen, side), ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
      t.is((traceOf(seen, side).error as Error).message, 'no');
    }
    t.is(traceOf(seen, 'caller').error, watched);
  });
});

system('a method that throws before it returns a promise is told of alike', async (t, rig) => {
  const { following } = await twoClients(rig);
  await watchingCalls(async seen => {
    t.is(await rig.time.until(endOf(following.invoke('missing'))), 'ERR_UNKNOWN_METHOD not-started');
    t.deepEqual(eventsOf(seen, 'caller'), ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    t.deepEqual(eventsOf(seen, 'leader'), [], 'none ran');
  });
});

system('a call that can not be made ends before its start does', async (t, rig) => {
  const { following } = await twoClients(rig);
  await watchingCalls(async seen => {
    t.is(await rig.time.until(endOf(following.echo(() => {}))), 'ERR_NOT_SERIALIZABLE not-started');
    t.deepEqual(eventsOf(seen, 'caller'), ['start', 'error', 'asyncStart', 'asyncEnd', 'end']);
    t.is((traceOf(seen, 'caller').error as SharedClientError).code, 'ERR_NOT_SERIALIZABLE');
  });
});

system('a call that waits tells in the end in which term it ran', async (t, rig) => {
  const early = rig.client(rig.fork(), { eligible: false });
  await watchingCalls(async seen => {
    const call = early.echo('x');
    t.like(traceOf(seen, 'caller'), { term: 0, route: undefined });
    rig.client(rig.fork());
    await rig.time.until(call);
    t.like(traceOf(seen, 'caller'), { term: early.term, route: 'relay' });
  });
});

system('a oneway call ends for those who watch when it really does', async (t, rig) => {
  const { following } = await twoClients(rig);
  const errors: string[] = [];
  following.on('error', error => errors.push(error.message));
  await watchingCalls(async seen => {
    await rig.time.tick();
    const accepted = following.with({ oneway: true }).fail(new Error('no'));
    t.is((await accepted) as unknown, undefined);
    t.deepEqual(eventsOf(seen, 'caller'), ['start', 'end']);
    await rig.time.settle();
    t.deepEqual(eventsOf(seen, 'caller'), ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    t.deepEqual(errors, ['no']);
  });
});

system('publications are calls, sticky ones included', async (t, rig) => {
  const { following } = await twoClients(rig);
  await watchingCalls(async seen => {
    await rig.time.until(following.publish('a'));
    await rig.time.until(following.with({ sticky: 'k' }).publish('b'));
    const callers = seen.filter(({ event, trace }) => event === 'asyncEnd' && trace.side === 'caller');
    t.deepEqual(
      callers.map(({ trace }) => [trace.method, trace.route]),
      [
        ['publish', rig.route],
        ['publish', rig.route],
      ],
    );
    rig.upstream().onPublish = () => {
      throw new Error('refused');
    };
    t.is(await rig.time.until(endOf(following.with({ sticky: 'k' }).publish('c'))), 'refused');
  });
});

system('a store that is bound to the start of a call is that of the method', async (t, rig) => {
  const { following } = await twoClients(rig);
  const storage = new AsyncLocalStorage<CallTrace>();
  const channel = tracingChannel('cluster-shared-client:call');
  const stores: (string | undefined)[] = [];
  rig.upstream().onPublish = () => void stores.push(storage.getStore()?.side);
  channel.start.bindStore(storage, trace => trace as CallTrace);
  try {
    await rig.time.until(following.publish('x'));
  } finally {
    channel.start.unbindStore(storage);
  }
  await rig.time.until(following.publish('y'));
  t.deepEqual(stores, ['leader', undefined]);
});
