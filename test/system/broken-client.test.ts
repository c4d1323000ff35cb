import type { OpenContext, SharedClientError } from '../../lib/index.js';
import { FakeClient } from '../helpers/system/client.js';
import { endOf, eventsOf, recorder, system, watch } from '../helpers/system/test.js';

const FAULTS = {
  'whose constructor throws': 'construct',
  'whose ready() rejects': 'ready',
  'whose ready() never ends': 'never',
} as const;

for (const [text, fault] of Object.entries(FAULTS)) {
  system(
    `a real client ${text}: every ready() says so with the cause, and all is well once it can be opened`,
    async (t, rig) => {
      const upstream = rig.upstream();
      const refuse = () => {
        throw Object.assign(new RangeError('refused'), { code: 'ECONNREFUSED' });
      };
      if (fault === 'construct') upstream.onConstruct = refuse;
      else upstream.onReady = fault === 'ready' ? refuse : () => new Promise(() => {});
      const clients = Array.from({ length: 3 }, () => rig.client(rig.fork(), { openTimeoutMs: 100 }));
      const readies = clients.map(client =>
        client.ready().then(
          () => undefined,
          (error: SharedClientError) => error,
        ),
      );
      for (const error of await rig.time.until(Promise.all(readies))) {
        t.is(error!.code, 'ERR_LEADER_FAILED');
        const cause = error!.cause as SharedClientError;
        if (fault === 'never') t.is(cause.code, 'ERR_TIMEOUT');
        else
          t.deepEqual(
            [cause instanceof RangeError, cause.message, cause.code as string],
            [true, 'refused', 'ECONNREFUSED'],
          );
      }
      const tried = rig.story.filter(event => event.endsWith('appointed'));
      t.deepEqual(tried.map(event => event.split(' ')[1]).sort(), ['1', '2', '3']);
      t.is(rig.primary.status().groups[0]!.state, 'vacant');
      t.is(upstream.live.length, 0);
      const calls = clients.map(client => watch(client.with({ timeoutMs: 5000 }).echo(1)));
      const short = watch(clients[1]!.with({ timeoutMs: 200 }).echo(2));
      await rig.time.advance(201);
      t.is(short.end, 'ERR_LEADER_FAILED not-started');
      upstream.onConstruct = () => {};
      upstream.onReady = () => {};
      await rig.time.advance(2000);
      t.deepEqual(
        calls.map(call => call.end),
        ['ok', 'ok', 'ok'],
      );
      await rig.time.until(Promise.all(clients.map(client => client.ready())));
      t.is(upstream.live.length, 1);
    },
  );
}

system('the option backoff sets the first and the longest pause', async (t, rig) => {
  const attempts: number[] = [];
  rig.upstream().onConstruct = () => {
    attempts.push(rig.time.now());
    throw new Error('refused');
  };
  rig.client(rig.fork(), { backoff: { minMs: 30, maxMs: 100 } });
  await rig.time.advance(600);
  const pauses = attempts.slice(1).map((at, i) => Math.round(at - attempts[i]!));
  t.deepEqual(pauses.slice(0, 5), [30, 60, 100, 100, 100]);
  rig.upstream().onConstruct = () => {};
});

system('attempts go on with backoff, 100 ms at first and doubled each time', async (t, rig) => {
  const attempts: number[] = [];
  rig.upstream().onConstruct = () => {
    attempts.push(rig.time.now());
    throw new Error('refused');
  };
  const [one, two] = [rig.client(rig.fork()), rig.client(rig.fork())];
  await rig.time.advance(2000);
  const rounds = attempts.filter((_, i) => i % 2 === 0);
  const pauses = rounds.slice(1).map((at, i) => Math.round(at - rounds[i]!));
  t.deepEqual(pauses, [100, 200, 400, 800]);
  t.is(await rig.time.until(endOf(one.ready())), 'ERR_LEADER_FAILED');
  await rig.time.settle();
  rig.upstream().onConstruct = () => {};
  await rig.time.until(two.ready());
  // It held: the next failure begins anew.
  await rig.time.advance(11_000);
  attempts.length = 0;
  rig.upstream().onConstruct = () => {
    attempts.push(rig.time.now());
    throw new Error('refused');
  };
  rig.leader().kill();
  await rig.time.advance(350);
  t.deepEqual(
    attempts.slice(1).map((at, i) => Math.round(at - attempts[i]!)),
    [100, 200],
  );
});

system('one that cannot open is passed over for one that can', async (t, rig) => {
  const upstream = rig.upstream();
  const clients = [rig.fork(), rig.fork(), rig.fork()].map(worker => rig.client(worker, { priority: worker.workerId }));
  let first = true;
  upstream.onConstruct = () => {
    if (first) {
      first = false;
      throw new Error('refused');
    }
  };
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  t.is(rig.story.filter(event => event.endsWith('failed')).length, 1);
  t.is(rig.story.filter(event => event.endsWith('vacant')).length, 0);
  t.is(upstream.clients.length, 1);
});

system('a new worker is tried at once while those that failed wait', async (t, rig) => {
  const upstream = rig.upstream();
  upstream.onConstruct = () => {
    throw new Error('refused');
  };
  const client = rig.client(rig.fork());
  await rig.time.advance(5000);
  upstream.onConstruct = () => {};
  const at = rig.time.now();
  await rig.time.until(rig.client(rig.fork()).ready());
  await rig.time.until(client.ready());
  t.is(rig.time.now(), at);
});

system('readyTimeoutMs bounds ready() where nothing fails and nothing comes', async (t, rig) => {
  rig.upstream().onReady = () => new Promise(() => {});
  const client = rig.client(rig.fork(), { readyTimeoutMs: 300 });
  const error = await rig.time.until(client.ready().catch((e: SharedClientError) => e));
  t.is((error as SharedClientError).code, 'ERR_LEADER_FAILED');
  t.regex(((error as SharedClientError).cause as Error).message, /still being opened/);
  const follower = rig.client(rig.fork(), { name: 'none', eligible: false, readyTimeoutMs: 300 });
  const nobody = await rig.time.until(follower.ready().catch((e: SharedClientError) => e));
  t.is((nobody as SharedClientError).code, 'ERR_LEADER_FAILED');
  t.regex(((nobody as SharedClientError).cause as Error).message, /may lead/);
  // Nobody tried, so nothing is said of a real client that couldn't be opened.
  t.regex((nobody as SharedClientError).message, /within readyTimeoutMs, 300 ms: no member of the group may lead/);
  t.notRegex((nobody as SharedClientError).message, /could open/);
  const call = follower.with({ timeoutMs: 50 }).echo(1);
  const late = await rig.time.until(call.catch((e: SharedClientError) => e));
  t.is((late as SharedClientError).code, 'ERR_TIMEOUT');
  t.regex((late as SharedClientError).message, /within 50 ms: no member of the group may lead/);
});

system('a real client that is ready only after its time is closed', async (t, rig) => {
  const upstream = rig.upstream();
  upstream.onReady = () => new Promise(resolve => rig.time.setTimer(() => resolve(1), 500));
  upstream.mostLive = 2;
  const client = rig.client(rig.fork(), { openTimeoutMs: 100 });
  t.is(await rig.time.until(endOf(client.ready())), 'ERR_LEADER_FAILED');
  upstream.onReady = () => {};
  await rig.time.until(client.ready());
  await rig.time.advance(1000);
  t.is(upstream.live.length, 1);
});

system('open() that comes late, after its time, has what it made closed', async (t, rig) => {
  const closed: number[] = [];
  let opens = 0;
  const worker = rig.fork();
  const definition = {
    name: 'late',
    openTimeoutMs: 100,
    open: async () => {
      const n = ++opens;
      if (n === 1) await new Promise(resolve => rig.time.setTimer(() => resolve(1), 300));
      return { n: () => n };
    },
    close: (client: { n(): number }) => void closed.push(client.n()),
  };
  const client = rig.adopt(worker.createSharedClient(definition), worker);
  t.is(await rig.time.until(endOf(client.ready())), 'ERR_LEADER_FAILED');
  await rig.time.until(client.ready());
  t.is(await rig.time.until(client.n()), 2);
  await rig.time.advance(500);
  t.deepEqual(closed, [1]);
});

system(
  'an event of failOn ends the term: a new real client is opened, at once the first time, then with backoff',
  async (t, rig) => {
    const clients = await rig.clients(2, { failOn: ['end', 'lost'] });
    const log = recorder();
    await rig.time.until(clients[1]!.subscribe('topic', log.listener).ready);
    const upstream = rig.upstream();
    const call = watch(clients[1]!.hold(1));
    await rig.time.settle();
    upstream.emit('end', new Error('gone'));
    await rig.time.settle();
    t.is(call.end, 'ERR_LEADER_LOST unknown');
    t.is(upstream.live.length, 1);
    t.is(upstream.clients.length, 2);
    t.is(rig.story[2], 'g: 1 broken');
    upstream.push('topic', 1);
    await rig.time.settle();
    t.deepEqual(log.values, [1]);
    upstream.emit('lost');
    await rig.time.settle();
    t.is(upstream.live.length, 0);
    const waiting = watch(clients[0]!.echo(1));
    await rig.time.advance(99);
    t.is(waiting.end, undefined);
    await rig.time.advance(2);
    t.is(waiting.end, 'ok');
  },
);

system('fail(error) of open() ends the term, once', async (t, rig) => {
  const contexts: OpenContext[] = [];
  const worker = rig.fork();
  const definition = {
    name: 'g',
    open: (context: OpenContext) => {
      contexts.push(context);
      return { get: () => contexts.length };
    },
  };
  const client = rig.adopt(worker.createSharedClient(definition), worker);
  await rig.time.until(client.ready());
  t.is(await rig.time.until(client.get()), 1);
  contexts[0]!.fail(new Error('lost'));
  contexts[0]!.fail(new Error('lost again'));
  await rig.time.settle();
  await rig.time.until(client.ready());
  contexts[0]!.fail(new Error('far too late'));
  await rig.time.settle();
  t.is(await rig.time.until(client.get()), 2);
  t.deepEqual(
    contexts.map(({ signal }) => signal.aborted),
    [true, false],
  );
  t.true(contexts[1]!.term > contexts[0]!.term);
  t.is(contexts[0]!.name, 'g');
});

system('fail(error) while open() is under way is a failed attempt with that cause', async (t, rig) => {
  const worker = rig.fork();
  let isUp = false;
  const definition = {
    name: 'g',
    open: ({ fail }: OpenContext) => {
      if (!isUp) fail(new Error('in between'));
      return isUp ? { get: () => 1 } : new Promise<{ get(): number }>(() => {});
    },
  };
  const client = rig.adopt(worker.createSharedClient(definition), worker);
  const error = await rig.time.until(client.ready().catch((e: SharedClientError) => e));
  t.is(((error as SharedClientError).cause as Error).message, 'in between');
  isUp = true;
  await rig.time.until(client.ready());
});

system('an event of failOn while it opens is a failed attempt too', async (t, rig) => {
  const upstream = rig.upstream();
  upstream.onReady = () => {
    upstream.emit('end', new Error('at once'));
    return new Promise(() => {});
  };
  const client = rig.client(rig.fork(), { failOn: ['end'] });
  const error = await rig.time.until(client.ready().catch((e: SharedClientError) => e));
  t.is(((error as SharedClientError).cause as Error).message, 'at once');
  t.is(upstream.live.length, 0);
});

system('an error event of the real client kills nobody, in the leader only it is heard', async (t, rig) => {
  const clients = await rig.clients(2);
  rig.upstream().emit('error', new Error('unheard'));
  await rig.time.settle();
  const events = clients.map(eventsOf);
  rig.upstream().emit('error', new Error('heard'));
  await rig.time.settle();
  t.deepEqual(events, [['error heard'], []]);
  t.is(await rig.time.until(clients[1]!.echo(1)), 1);
});

system('an error event that is in failOn and in events is all three', async (t, rig) => {
  const clients = await rig.clients(2, { failOn: ['error'], events: ['error'] });
  const received: unknown[] = [];
  clients[1]!.upstream.on('error', error => received.push((error as Error).message));
  const { term } = clients[1]!;
  rig.upstream().emit('error', new Error('broken'));
  await rig.time.settle();
  await rig.time.until(clients[1]!.ready());
  t.deepEqual(received, ['broken']);
  t.true(clients[1]!.term > term);
});

system('a call that breaks the real client lets none of those behind it begin', async (t, rig) => {
  const clients = await rig.clients(2, { failOn: ['end'] });
  rig.upstream().onPublish = (_args, real) => {
    FakeClient.emitNow(real, 'end', [new Error('broken')]);
    t.is(rig.upstream().live.length, 0, 'it is closed in this turn');
    queueMicrotask(() => t.is(rig.upstream().count('echo'), 0));
  };
  for (const client of clients) {
    const calls = [client.publish('break'), client.echo('behind'), client.echo('behind')].map(watch);
    await rig.time.advance(1000);
    t.is(calls[0]!.end, 'ERR_LEADER_LOST unknown');
    t.deepEqual(
      calls.slice(1).map(call => call.end),
      Array(2).fill('ERR_LEADER_LOST unknown'),
    );
    t.is(rig.upstream().count('echo'), 0);
  }
});

system('a real client that never works is left by every worker, and nothing piles up', async (t, rig) => {
  const upstream = rig.upstream();
  upstream.onReady = () => Promise.reject(new Error('never'));
  const clients = [rig.client(rig.fork()), rig.client(rig.fork())];
  await rig.time.advance(60_000);
  t.is(upstream.live.length, 0);
  t.true(upstream.clients.length < 24, String(upstream.clients.length));
  t.is(rig.time.waiting.length, 1);
  await rig.time.until(clients[0]!.close(), 1);
});

system('a real client that is no object is a failed attempt', async (t, rig) => {
  const worker = rig.fork();
  const client = rig.adopt(worker.createSharedClient({ name: 'g', open: () => 7 as unknown as object }), worker);
  const error = await rig.time.until(client.ready().catch((e: SharedClientError) => e));
  t.regex(((error as SharedClientError).cause as Error).message, /open\(\) must return/);
});

system('during the pause after a break ready() says that the real client broke', async (t, rig) => {
  const client = rig.client(rig.fork(), { events: ['end'], failOn: ['end'], readyTimeoutMs: 20 });
  await rig.time.until(client.ready());
  for (let i = 0; i < 2; i++) {
    rig.upstream().emit('end');
    await rig.time.settle();
  }
  const error = await rig.time.until(client.ready().catch((e: SharedClientError) => e));
  t.regex((error as SharedClientError).message, /real client broke, and is opened again after a pause/);
  const call = await rig.time.until(
    client
      .with({ timeoutMs: 10 })
      .echo(1)
      .catch((e: SharedClientError) => e),
  );
  t.regex((call as SharedClientError).message, /real client/);
});
