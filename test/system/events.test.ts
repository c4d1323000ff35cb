import { eventsOf, everywhere, system } from '../helpers/system/test.js';

system('every worker hears the events of the real client that were asked for, wildcards included', async (t, rig) => {
  const clients = await rig.clients(3, { events: ['user.joined', 'user.left', 'ping'] });
  const here = rig.client(undefined, { events: ['user.joined', 'user.left', 'ping'] });
  await rig.time.until(here.ready());
  const received = [...clients, here].map(client => {
    const log: unknown[] = [];
    client.upstream
      .on('user.*', (...args) => log.push(['user.*', ...args]))
      .on('ping', (...args) => log.push(['ping', ...args]))
      .on('**', () => log.push('**'));
    return log;
  });
  rig.upstream().emit('user.joined', { id: 1n }, Buffer.from('b'));
  rig.upstream().emit('ping');
  rig.upstream().emit('silent', 1);
  await rig.time.settle();
  for (const log of received) t.deepEqual(log, [['user.*', { id: 1n }, Buffer.from('b')], '**', ['ping'], '**']);
});

everywhere('upstream: once, off, a listener that throws, and each its own copy', async (t, rig) => {
  for (const client of await rig.clients(2, { events: ['news'] })) {
    const events = eventsOf(client);
    const log: string[] = [];
    const off = () => log.push('off');
    client.upstream
      .once('news', () => log.push('once'))
      .on('news', off)
      .on('news', () => {
        throw new Error('thrown');
      })
      .on('news', value => {
        log.push(`mine ${(value as { n: number }).n}`);
        (value as { n: number }).n = 0;
      })
      .on('news', value => log.push(`other ${(value as { n: number }).n}`));
    rig.upstream().emit('news', { n: 1 });
    await rig.time.settle();
    client.upstream.off('news', off);
    rig.upstream().emit('news', { n: 2 });
    await rig.time.settle();
    t.deepEqual(log, ['once', 'off', 'mine 1', 'other 1', 'mine 2', 'other 2']);
    t.deepEqual(events, ['error thrown', 'error thrown']);
  }
});

everywhere('an event with arguments that cannot travel is an error in the leader', async (t, rig) => {
  const clients = await rig.clients(2, { events: ['news'] });
  const events = clients.map(eventsOf);
  const log: unknown[] = [];
  clients[1]!.upstream.on('news', value => log.push(value));
  rig.upstream().emit('news', () => {});
  rig.upstream().emit('news', 1);
  await rig.time.settle();
  t.deepEqual(log, [1]);
  t.regex(events[0]![0]!, /error event\[1\] is /);
  t.deepEqual(events[1], []);
});

system('leader and follower are told to the member they are about, with the term', async (t, rig) => {
  const clients = [rig.fork(), rig.fork()].map(worker => rig.client(worker));
  const log: unknown[] = [];
  for (const [i, client] of clients.entries()) {
    client.on('leader', ({ term }) => log.push([i, 'leader', term === client.term]));
    client.on('follower', ({ term }) => log.push([i, 'follower', term === client.term]));
  }
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  await rig.time.until(rig.primary.transfer('g', 2));
  await rig.time.settle();
  t.deepEqual(log, [
    [0, 'leader', true],
    [0, 'follower', true],
    [1, 'leader', true],
  ]);
});

everywhere('isLeader holds from the appointment until it steps down', async (t, rig) => {
  rig.upstream().onReady = () => new Promise(resolve => rig.time.setTimer(() => resolve(1), 100));
  const client = rig.client(rig.fork());
  t.false(client.isLeader);
  await rig.time.settle();
  t.true(client.isLeader);
  await rig.time.until(client.ready());
  const slow = client.work('slow', 100);
  await rig.time.settle();
  void client.resign();
  await rig.time.advance(50);
  t.true(client.isLeader, 'its calls still end');
  await rig.time.until(slow);
  await rig.time.advance(200);
  t.true(client.isLeader, 'there is nobody else');
});

everywhere('on, once and off, and a listener that removes itself does not hide the next', async (t, rig) => {
  const [client] = await rig.clients(1);
  const log: string[] = [];
  const off = () => log.push('off');
  const self = () => {
    log.push('self');
    client!.off('follower', self);
  };
  t.is(client!.on('follower', self), client!);
  client!
    .once('follower', () => log.push('once'))
    .on('follower', off)
    .off('follower', off)
    .once('follower', () => log.push('once too'))
    .on('follower', () => log.push('on'));
  for (let n = 0; n < 2; n++) {
    await rig.time.until(client!.resign());
    await rig.time.until(client!.ready());
  }
  t.deepEqual(log, ['self', 'once', 'once too', 'on', 'on']);
});

system('a listener that throws goes to error, and one of error that throws does no harm', async (t, rig) => {
  const clients = await rig.clients(2);
  const client = clients[0]!;
  const log: string[] = [];
  client.on('follower', () => {
    throw new Error('follower threw');
  });
  // Nobody listens to error yet.
  await rig.time.until(client.resign());
  await rig.time.settle();
  await rig.time.until(rig.primary.transfer('g', 1));
  client.on('error', error => {
    log.push(error.message);
    throw new Error('error threw');
  });
  client.on('error', error => log.push(`also ${error.message}`));
  rig.upstream().emit('error', new Error('one'));
  await rig.time.settle();
  t.deepEqual(log, ['one', 'error threw', 'also error threw', 'also one']);
  await rig.time.until(client.resign());
  t.deepEqual(log.slice(4), ['follower threw', 'also follower threw']);
  t.is(await rig.time.until(client.echo(1)), 1);
});

system(
  'a listener of the primary that throws is a warning, and one of warning that throws does no harm',
  async (t, rig) => {
    const clients = await rig.clients(2);
    rig.primary.on('warning', () => {
      throw new Error('warning threw');
    });
    rig.primary.on('leave', () => {
      throw new Error('leave threw');
    });
    const left: number[] = [];
    rig.primary.on('leave', ({ workerId }) => left.push(workerId));
    rig.leader().kill();
    await rig.time.settle();
    t.is(await rig.time.until(clients[1]!.echo(1)), 1);
    t.deepEqual(left, [1]);
    t.deepEqual(rig.warnings, ['A listener threw.']);
  },
);

system('other options for one name in another worker are a warning on both sides, and work', async (t, rig) => {
  const [one, two] = [rig.fork(), rig.fork()];
  const first = rig.client(one, { handover: 'overlap' });
  const events = eventsOf(first);
  await rig.time.until(first.ready());
  const second = rig.client(two, { drainTimeoutMs: 77 });
  const others = eventsOf(second);
  t.is(await rig.time.until(second.echo(1)), 1);
  await rig.time.settle();
  t.is(rig.warnings.length, 1);
  t.regex(rig.warnings[0]!, /Worker 2 has another (handover|drainTimeoutMs) for "g"/);
  t.deepEqual(
    others.filter(event => event.startsWith('warning')),
    [`warning ${rig.warnings[0]}`],
  );
  t.deepEqual(
    events.filter(event => event.startsWith('warning')),
    [`warning ${rig.warnings[0]}`],
  );
  const third = rig.client(rig.fork(), { handover: 'overlap', eligible: false, priority: 7, timeoutMs: 5 });
  await rig.time.until(third.ready());
  t.is(rig.warnings.length, 1);
});

everywhere('a real client with a reserved name is a warning, and its method is reached by invoke', async (t, rig) => {
  const worker = rig.fork();
  class Odd {
    status(): string {
      return 'its own';
    }
    leader(): string {
      return 'odd';
    }
  }
  const client = rig.adopt(worker.createSharedClient(Odd, { name: 'odd' }), worker);
  const events = eventsOf(client);
  await rig.time.until(client.ready());
  t.is(events.length, 2);
  t.regex(events[0]!, /warning .*leader, status hide/);
  t.is(await rig.time.until(client.invoke('status')), 'its own');
  t.is(client.status().name, 'odd');
});

system('resync, close and the others carry what they promise', async (t, rig) => {
  const clients = await rig.clients(2);
  const seen: unknown[] = [];
  clients[1]!.on('resync', ({ key, fromTerm, toTerm, reason }) => seen.push({ key, fromTerm, toTerm, reason }));
  const topic = { id: 7 };
  await rig.time.until(clients[1]!.subscribe(topic, () => {}).ready);
  const fromTerm = clients[1]!.term;
  rig.leader().kill();
  await rig.time.settle();
  t.is(seen.length, 1);
  const [event] = seen as { key: string; fromTerm: number; toTerm: number; reason: string }[];
  t.deepEqual([event!.fromTerm, event!.toTerm, event!.reason], [fromTerm, clients[1]!.term, 'failover']);
  t.is(typeof event!.key, 'string');
});

system('events of the primary carry who and why', async (t, rig) => {
  const seen: unknown[] = [];
  for (const name of ['join', 'leave', 'appointed', 'ready', 'deposed', 'vacant'] as const) {
    rig.primary.on(name, event => seen.push([name, event]));
  }
  const off = () => seen.push('off');
  rig.primary
    .on('join', off)
    .off('join', off)
    .once('leave', () => seen.push('once'));
  const client = rig.client(rig.fork());
  await rig.time.until(client.ready());
  await rig.time.settle();
  const { term } = client;
  const { workerId, pid } = rig.workers[0]!;
  rig.workers[0]!.kill();
  await rig.time.settle();
  const who = { name: 'g', workerId, pid };
  t.deepEqual(seen, [
    ['appointed', { ...who, term }],
    ['join', who],
    ['ready', { ...who, term }],
    ['leave', who],
    'once',
    ['deposed', { ...who, term, cause: 'exited' }],
    ['vacant', { name: 'g' }],
  ]);
});
