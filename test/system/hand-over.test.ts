import { defer } from '../../lib/utils/deferred.js';
import { FakeClient } from '../helpers/system/client.js';
import {
  type Client,
  endOf,
  eventsOf,
  HEARTBEAT_MS,
  LEADER_TIMEOUT_MS,
  type Rig,
  recorder,
  system,
  watch,
} from '../helpers/system/test.js';

type Leave = (rig: Rig, leader: Client) => Promise<void>;

const WAYS: Record<string, Leave> = {
  'close()': (_, leader) => leader.close(),
  'resign()': (_, leader) => leader.resign(),
  'transfer()': rig => rig.primary.transfer('g'),
};

for (const handover of ['exclusive', 'overlap'] as const) {
  for (const [way, leave] of Object.entries(WAYS)) {
    system(
      `${handover} hand-over by ${way} with hundreds of calls under way: none fails, none runs twice`,
      async (t, rig) => {
        const upstream = rig.upstream();
        upstream.mostLive = handover === 'overlap' ? 2 : 1;
        const clients = await rig.clients(4, { handover });
        const leader = clients.find(client => client.isLeader)!;
        const callers = clients.filter(client => way !== 'close()' || client !== leader);
        const calls: ReturnType<typeof watch>[] = [];
        const make = (n: number) => {
          for (const [c, client] of callers.entries()) {
            calls.push(watch(client.work(`${c} ${n}`, n % 40)), watch(client.echo(`${c} ${n}`)));
          }
        };
        for (let n = 0; n < 20; n++) {
          make(n);
          if (n % 4 === 0) await rig.time.advance(3);
        }
        const left = watch(leave(rig, leader));
        for (let n = 20; n < 50; n++) {
          make(n);
          if (n % 4 === 0) await rig.time.advance(3);
        }
        await rig.time.advance(500);
        t.is(left.end, 'ok');
        t.deepEqual([...new Set(calls.map(call => call.end))], ['ok']);
        const names = upstream.calls.map(call => `${call.method} ${call.args[0]}`);
        t.is(names.length, calls.length);
        t.is(new Set(names).size, calls.length);
        t.false(leader.isLeader);
        t.is(upstream.live.length, 1);
        t.is(upstream.mostEverLive, handover === 'overlap' ? 2 : 1);
        const terms = rig.story.filter(event => event.endsWith('appointed'));
        t.is(terms.length, 2);
      },
    );
  }
}

system('calls in progress get drainTimeoutMs; what is left then ends, or is sent again', async (t, rig) => {
  const clients = await rig.clients(2, { drainTimeoutMs: 200 });
  const [plain, idempotent] = [
    watch(clients[1]!.hold('plain')),
    watch(clients[1]!.with({ idempotent: true }).hold('again')),
  ];
  const own = watch(clients[0]!.hold('own'));
  await rig.time.settle();
  void clients[0]!.resign();
  await rig.time.advance(199);
  t.deepEqual([plain.end, idempotent.end, own.end], [undefined, undefined, undefined]);
  t.is(rig.primary.status().groups[0]!.state, 'handing-over');
  await rig.time.advance(2);
  t.deepEqual([plain.end, own.end], ['ERR_LEADER_LOST unknown', 'ERR_LEADER_LOST unknown']);
  t.is(rig.upstream().count('hold', 'again'), 2);
  rig.upstream().held.get('again')!.resolve(1);
  await rig.time.settle();
  t.is(idempotent.end, 'ok');
});

for (const way of ['resign', 'close'] as const) {
  system(
    `a call that the primary passes on to a leader that went without its word by ${way}() runs once, elsewhere`,
    async (t, rig) => {
      const clients = await rig.clients(3, { drainTimeoutMs: 200 });
      rig.cluster.freezePrimary();
      const left = watch(clients[0]![way]());
      const early = watch(clients[1]!.echo('early'));
      await rig.time.advance(300);
      const late = watch(clients[2]!.echo('late'));
      await rig.time.advance(700);
      t.deepEqual([early.end, late.end], [undefined, undefined]);
      rig.cluster.thawPrimary();
      await rig.time.advance(500);
      t.deepEqual([left.end, early.end, late.end], ['ok', 'ok', 'ok']);
      t.deepEqual([rig.upstream().count('echo', 'early'), rig.upstream().count('echo', 'late')], [1, 1]);
    },
  );
}

system('a drain that takes longer than leaderTimeoutMs is not taken for silence', async (t, rig) => {
  const clients = await rig.clients(2);
  const call = watch(clients[1]!.work('slow', 5 * LEADER_TIMEOUT_MS));
  await rig.time.settle();
  await rig.time.until(clients[0]!.resign());
  await rig.time.settle();
  t.is(call.end, 'ok');
  t.deepEqual(rig.story.slice(2), ['g: 1 resigned', 'g: 2 appointed', 'g: 2 ready']);
});

system('a call made while the leader draws to its end waits for the successor', async (t, rig) => {
  const clients = await rig.clients(3);
  const slow = watch(clients[1]!.work('slow', 100));
  await rig.time.settle();
  void clients[0]!.resign();
  await rig.time.settle();
  const calls = clients.map(client => watch(client.echo('next')));
  await rig.time.advance(50);
  t.deepEqual(
    calls.map(call => call.end),
    [undefined, undefined, undefined],
  );
  t.is(rig.upstream().count('echo'), 0);
  await rig.time.advance(51);
  t.deepEqual(
    [slow, ...calls].map(call => call.end),
    ['ok', 'ok', 'ok', 'ok'],
  );
  t.is(
    new Set(
      rig
        .upstream()
        .calls.filter(call => call.method === 'echo')
        .map(call => call.workerId),
    ).size,
    1,
  );
  t.not(rig.upstream().calls.at(-1)!.workerId, 1);
});

system('subscribe, unsubscribe and publish go on over a hand-over', async (t, rig) => {
  const clients = await rig.clients(3);
  const [stays, goes, comes] = [recorder(), recorder(), recorder()];
  await rig.time.until(clients[1]!.subscribe('stays', stays.listener).ready);
  const going = clients[1]!.subscribe('goes', goes.listener);
  await rig.time.until(going.ready);
  const slow = clients[2]!.work('slow', 100);
  await rig.time.settle();
  void clients[0]!.resign();
  await rig.time.settle();
  const ready = watch(clients[1]!.subscribe('comes', comes.listener).ready);
  await going.unsubscribe();
  const returned = watch(clients[1]!.publish('news'));
  rig.upstream().push('stays', 'until the end');
  await rig.time.settle();
  t.deepEqual(stays.values, ['until the end']);
  await rig.time.until(slow);
  await rig.time.settle();
  t.deepEqual([ready.end, returned.end], ['ok', 'ok']);
  t.deepEqual(rig.upstream().topics, ['stays', 'comes']);
  for (const topic of ['stays', 'goes', 'comes']) rig.upstream().push(topic, topic);
  await rig.time.settle();
  t.deepEqual([stays.values.slice(1), goes.values, comes.values], [['stays'], [], ['comes']]);
});

system('transfer() resolves when the successor is ready, and can name it', async (t, rig) => {
  const clients = await rig.clients(3);
  let open = () => {};
  rig.upstream().onReady = () => new Promise<void>(resolve => (open = resolve));
  const transfer = watch(rig.primary.transfer('g', 2));
  await rig.time.settle();
  t.is(transfer.end, undefined);
  open();
  await rig.time.settle();
  t.is(transfer.end, 'ok');
  t.true(clients[1]!.isLeader);
  t.deepEqual(rig.story.slice(2), ['g: 1 resigned', 'g: 2 appointed', 'g: 2 ready']);
  // To itself: nothing to do.
  await rig.time.until(rig.primary.transfer('g', 2));
  t.is(rig.upstream().clients.length, 2);
});

system('transfer() to nobody, or to somebody who may not lead, is refused', async (t, rig) => {
  await rig.clients(3, i => ({ eligible: i < 2 }));
  t.is(await rig.time.until(endOf(rig.primary.transfer('unknown'))), 'ERR_INVALID_OPTION');
  t.is(await rig.time.until(endOf(rig.primary.transfer('g', 3))), 'ERR_INVALID_OPTION');
  t.is(await rig.time.until(endOf(rig.primary.transfer('g', 99))), 'ERR_INVALID_OPTION');
  rig.workers[1]!.kill();
  await rig.time.settle();
  t.is(await rig.time.until(endOf(rig.primary.transfer('g'))), 'ERR_INVALID_OPTION');
  rig.workers[0]!.kill();
  await rig.time.settle();
  t.is(await rig.time.until(endOf(rig.primary.transfer('g'))), 'ERR_LEADER_FAILED');
});

system('a second transfer() while one is under way is refused, the first goes on', async (t, rig) => {
  const clients = await rig.clients(3);
  const slow = clients[2]!.work('slow', 100);
  await rig.time.settle();
  const [first, second] = [watch(rig.primary.transfer('g', 2)), watch(rig.primary.transfer('g', 3))];
  await rig.time.until(slow);
  await rig.time.settle();
  t.is(first.end, 'ok');
  t.is(second.end, 'ERR_LEADER_FAILED');
  t.true(clients[1]!.isLeader);
});

for (const handover of ['exclusive', 'overlap'] as const) {
  system(`${handover}: if the successor can't open, the old leader leads again, and calls go on`, async (t, rig) => {
    rig.upstream().mostLive = handover === 'overlap' ? 2 : 1;
    const clients = await rig.clients(2, { handover });
    rig.upstream().onReady = client => {
      if (client !== rig.upstream().clients[1]) return undefined;
      throw new Error('no connection');
    };
    const calls = clients.map(client => watch(client.work('slow', 50)));
    await rig.time.settle();
    const transfer = watch(rig.primary.transfer('g', 2));
    await rig.time.settle();
    calls.push(...clients.map(client => watch(client.echo(1))));
    await rig.time.advance(100);
    t.is(transfer.end, 'ERR_LEADER_FAILED');
    t.deepEqual(
      calls.map(call => call.end),
      Array(4).fill('ok'),
    );
    t.true(clients[0]!.isLeader);
    t.is(rig.upstream().clients.length, handover === 'overlap' ? 2 : 3);
  });

  system(
    `${handover}: a leader that closes, and whose successor can't open, hands over to the one after`,
    async (t, rig) => {
      rig.upstream().mostLive = handover === 'overlap' ? 2 : 1;
      const clients = await rig.clients(3, { handover });
      rig.upstream().onReady = client => {
        if (client === rig.upstream().clients[1]) throw new Error('no connection');
      };
      const call = watch(clients[1]!.echo(1));
      const closed = watch(clients[0]!.close());
      await rig.time.advance(100);
      const late = watch(clients[2]!.echo(2));
      await rig.time.settle();
      t.deepEqual([call.end, late.end, closed.end], ['ok', 'ok', 'ok']);
      t.is(rig.upstream().clients.length, 3);
      t.is(rig.upstream().live.length, 1);
    },
  );
}

system('exclusive: the old real client is closed before the new one opens, however long it takes', async (t, rig) => {
  const clients = await rig.clients(2);
  rig.upstream().onClose = () => new Promise(resolve => rig.time.setTimer(() => resolve(1), 300));
  const call = watch(clients[1]!.echo(1));
  await rig.time.settle();
  void clients[0]!.resign();
  await rig.time.settle();
  const late = watch(clients[1]!.echo(2));
  await rig.time.advance(299);
  t.deepEqual([call.end, late.end], ['ok', undefined]);
  await rig.time.advance(2);
  t.is(late.end, 'ok');
  t.deepEqual(
    rig.upstream().log.filter(line => line !== 'publish'),
    ['open', 'close', 'open'],
  );
  rig.upstream().onClose = () => {};
});

system('a real client that does not close in time is left behind, with a warning', async (t, rig) => {
  const clients = await rig.clients(2, { drainTimeoutMs: 200 });
  rig.upstream().mostLive = 2;
  const events = eventsOf(clients[0]!);
  const never = defer();
  rig.upstream().onClose = () => {
    rig.upstream().onClose = () => {};
    return never.promise;
  };
  const resigned = watch(clients[0]!.resign());
  await rig.time.advance(201);
  t.is(resigned.end, 'ok');
  t.is(events.filter(event => event.startsWith('warning')).length, 1);
  t.true(clients[1]!.isLeader);
  never.resolve();
});

system('a real client that fails to close is an error event, and no more', async (t, rig) => {
  const clients = await rig.clients(2);
  const events = eventsOf(clients[0]!);
  rig.upstream().onClose = () => {
    rig.upstream().onClose = () => {};
    throw new Error('close failed');
  };
  await rig.time.until(clients[0]!.resign());
  await rig.time.settle();
  t.deepEqual(events, ['follower', 'error close failed']);
  t.true(clients[1]!.isLeader);
});

system('overlap: the old leader serves until the successor is ready', async (t, rig) => {
  rig.upstream().mostLive = 2;
  const clients = await rig.clients(2, { handover: 'overlap' });
  rig.upstream().onReady = () => new Promise(resolve => rig.time.setTimer(() => resolve(1), 300));
  const closed = watch(clients[0]!.close());
  const served = watch(clients[1]!.echo(1));
  await rig.time.advance(200);
  t.deepEqual([closed.end, served.end], [undefined, 'ok']);
  const later = watch(clients[1]!.echo(2));
  await rig.time.settle();
  t.is(later.end, 'ok');
  t.deepEqual(
    rig.upstream().calls.map(call => call.workerId),
    [1, 1],
  );
  t.is(rig.primary.status().groups[0]!.state, 'preparing');
  await rig.time.advance(101);
  t.is(closed.end, 'ok');
  t.is((await rig.time.until(clients[1]!.where())).workerId, 2);
});

system('overlap: the successor dies while it prepares, another one takes its place', async (t, rig) => {
  rig.upstream().mostLive = 2;
  const clients = await rig.clients(3, { handover: 'overlap' });
  rig.upstream().onReady = () => new Promise(resolve => rig.time.setTimer(() => resolve(1), 300));
  const resigned = watch(clients[0]!.resign());
  await rig.time.advance(100);
  const successor = rig.upstream().clients.length;
  t.is(successor, 2);
  rig.workers.find(worker => worker.workerId === 3)!.kill();
  await rig.time.advance(310);
  t.is(resigned.end, 'ok');
  t.true(clients[1]!.isLeader);
});

system('overlap: the leader dies while its successor prepares, and the group goes on', async (t, rig) => {
  rig.upstream().mostLive = 2;
  const clients = await rig.clients(3, { handover: 'overlap' });
  rig.upstream().onReady = () => new Promise(resolve => rig.time.setTimer(() => resolve(1), 300));
  void clients[0]!.resign();
  await rig.time.advance(100);
  rig.workers[0]!.kill();
  const call = watch(clients[1]!.echo(1));
  await rig.time.advance(301);
  // By the direct route it was written, though to nobody.
  t.is(call.end, rig.route === 'direct' ? 'ERR_LEADER_LOST unknown' : 'ok');
  t.is(rig.upstream().live.length, 1);
});

system('overlap: alone in its group, a leader that closes just goes', async (t, rig) => {
  const [client] = await rig.clients(1, { handover: 'overlap' });
  await rig.time.until(client!.close(), 100);
  t.is(rig.upstream().live.length, 0);
});

system('overlap: a successor that never gets ready is given up, and the next is tried', async (t, rig) => {
  rig.upstream().mostLive = 2;
  const clients = await rig.clients(3, { handover: 'overlap', openTimeoutMs: 200 });
  rig.upstream().onReady = client => (client === rig.upstream().clients[1] ? new Promise(() => {}) : undefined);
  const transfer = watch(rig.primary.transfer('g'));
  await rig.time.advance(201);
  t.is(transfer.end, 'ERR_LEADER_FAILED');
  t.true(clients[0]!.isLeader);
  t.is(rig.upstream().live.length, 1);
});

system('resign() of a follower, and of a leader without a successor', async (t, rig) => {
  const clients = await rig.clients(2, i => ({ eligible: i === 0 }));
  await rig.time.until(clients[1]!.resign());
  t.true(clients[0]!.isLeader);
  const { term } = clients[0]!;
  await rig.time.until(clients[0]!.resign());
  await rig.time.until(clients[0]!.ready());
  t.true(clients[0]!.isLeader);
  t.true(clients[0]!.term > term);
  t.is(rig.upstream().clients.length, 2);
});

system('resign() while the real client is opened', async (t, rig) => {
  rig.upstream().onReady = client => (client === rig.upstream().clients[0] ? new Promise(() => {}) : undefined);
  const clients = [rig.client(rig.fork()), rig.client(rig.fork())];
  await rig.time.settle();
  t.true(clients[0]!.isLeader);
  await rig.time.until(clients[0]!.resign());
  await rig.time.until(clients[1]!.ready());
  t.true(clients[1]!.isLeader);
});

system('the group whose leader is asked to go by all three at once has one successor', async (t, rig) => {
  const clients = await rig.clients(3);
  const slow = clients[2]!.work('slow', 100);
  await rig.time.settle();
  const ways = [watch(rig.primary.transfer('g', 2)), watch(clients[0]!.resign()), watch(clients[0]!.close())];
  await rig.time.until(slow);
  await rig.time.advance(100);
  t.deepEqual(
    ways.map(way => way.end),
    ['ok', 'ok', 'ok'],
  );
  t.is(rig.upstream().clients.length, 2);
  t.true(clients[1]!.isLeader);
});

system('a worker that hands over two groups hands over both', async (t, rig) => {
  const [one, two] = [rig.fork(), rig.fork()];
  const clients = ['a', 'b'].map(name => rig.client(one, { name }));
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  const others = ['a', 'b'].map(name => rig.client(two, { name }));
  await rig.time.until(Promise.all(others.map(client => client.ready())));
  const calls = others.map(client => watch(client.work('slow', 50)));
  await rig.time.settle();
  const closed = clients.map(client => watch(client.close()));
  await rig.time.advance(100);
  t.deepEqual(
    [...calls, ...closed].map(call => call.end),
    Array(4).fill('ok'),
  );
  t.deepEqual(
    others.map(client => client.isLeader),
    [true, true],
  );
});

system('a hand-over whose leader freezes waits for its lease', async (t, rig) => {
  const clients = await rig.clients(2);
  void clients[1]!.hold(1).catch(() => {});
  await rig.time.settle();
  const transfer = watch(rig.primary.transfer('g', 2));
  await rig.time.settle();
  rig.freeze(rig.workers[0]!);
  await rig.time.advance(LEADER_TIMEOUT_MS / 2);
  t.is(transfer.end, undefined);
  await rig.time.advance(LEADER_TIMEOUT_MS);
  t.is(transfer.end, 'ok');
  t.is(rig.story[2], 'g: 1 silent');
  await rig.thaw(rig.workers[0]!);
});

system('exclusive: a successor that stands still is given up, and the old leader leads again', async (t, rig) => {
  const clients = await rig.clients(3);
  rig.freeze(rig.workers[1]!);
  const transfer = watch(rig.primary.transfer('g', 2));
  await rig.time.settle();
  const calls = [watch(clients[0]!.echo(1)), watch(clients[2]!.echo(2))];
  await rig.time.advance(3 * LEADER_TIMEOUT_MS);
  t.is(transfer.end, 'ERR_LEADER_FAILED');
  t.deepEqual(
    calls.map(call => call.end),
    ['ok', 'ok'],
  );
  t.true(clients[0]!.isLeader);
  await rig.time.until(rig.primary.transfer('g', 3));
  await rig.thaw(rig.workers[1]!);
  await rig.time.advance(1000);
  t.true(clients[2]!.isLeader);
  t.is(rig.upstream().live.length, 1);
});

system(
  'overlap: a successor that stands still is given up, the leader serves on, and the thawed one lets go',
  async (t, rig) => {
    rig.upstream().mostLive = 2;
    const clients = await rig.clients(3, { handover: 'overlap', drainTimeoutMs: 500 });
    rig.freeze(rig.workers[1]!);
    const transfer = watch(rig.primary.transfer('g', 2));
    await rig.time.advance(LEADER_TIMEOUT_MS + HEARTBEAT_MS);
    t.is(transfer.end, 'ERR_LEADER_FAILED');
    t.true(clients[0]!.isLeader);
    t.is(await rig.time.until(clients[2]!.echo(1)), 1);
    await rig.thaw(rig.workers[1]!);
    await rig.time.advance(500);
    t.is(rig.upstream().live.length, 1);
    t.true(clients[0]!.isLeader);
    const again = watch(rig.primary.transfer('g', 2));
    await rig.time.advance(500);
    t.is(again.end, 'ok');
    t.true(clients[1]!.isLeader);
    t.is(rig.upstream().live.length, 1);
  },
);

system('overlap: a leader that closes while its successor stands still hands over to the next', async (t, rig) => {
  rig.upstream().mostLive = 2;
  const clients = await rig.clients(3, { handover: 'overlap', drainTimeoutMs: 5000 });
  rig.freeze(rig.workers[2]!);
  const closed = watch(clients[0]!.close());
  await rig.time.settle();
  const call = watch(clients[1]!.echo(2));
  await rig.time.advance(LEADER_TIMEOUT_MS + 2 * HEARTBEAT_MS);
  t.deepEqual([closed.end, call.end], ['ok', 'ok']);
  t.true(clients[1]!.isLeader);
});

system(
  'overlap: the real client of the leader breaks while its successor prepares, which then leads',
  async (t, rig) => {
    rig.upstream().mostLive = 2;
    const clients = await rig.clients(3, { handover: 'overlap', failOn: ['end'] });
    rig.upstream().onReady = () => new Promise(resolve => rig.time.setTimer(() => resolve(1), 300));
    const transfer = watch(rig.primary.transfer('g', 2));
    await rig.time.advance(100);
    FakeClient.emit(rig.upstream().clients[0]!, 'end', []);
    await rig.time.settle();
    const call = watch(clients[2]!.echo(1));
    await rig.time.advance(199);
    t.deepEqual([call.end, transfer.end], [undefined, undefined]);
    t.true(clients[1]!.isLeader);
    await rig.time.advance(2);
    t.deepEqual([call.end, transfer.end], ['ok', 'ok']);
    t.is(rig.upstream().clients.length, 2);
  },
);

system('overlap: a successor whose real client breaks before its term is succeeded by another', async (t, rig) => {
  rig.upstream().mostLive = 2;
  const clients = await rig.clients(3, { handover: 'overlap', failOn: ['end'] });
  const slow = watch(clients[2]!.work('slow', 300));
  await rig.time.settle();
  const resigned = watch(clients[0]!.resign());
  await rig.time.advance(100);
  t.is(rig.primary.status().groups[0]!.state, 'handing-over');
  FakeClient.emit(rig.upstream().clients[1]!, 'end', []);
  const call = watch(clients[2]!.echo(1));
  await rig.time.advance(300);
  t.deepEqual([slow.end, resigned.end, call.end], ['ok', 'ok', 'ok']);
  t.is(rig.upstream().clients.length, 3);
  t.is(rig.upstream().live.length, 1);
});
