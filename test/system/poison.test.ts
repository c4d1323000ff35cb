import type { Upstream } from '../helpers/system/client.js';
import type { Client, Rig } from '../helpers/system/rig.js';
import { endOf, LEADER_TIMEOUT_MS, system, watch } from '../helpers/system/test.js';

/** Nobody who asks for something leads. */
const FIVE_LEAD = (index: number) => ({ eligible: index < 5 });

function received(client: Client): string[] {
  const published: string[] = [];
  client.on('error', error => published.push((error as { code?: string }).code ?? String(error)));
  client.on('warning', ({ message }) => published.push(message));
  return published;
}

/** Ends the process that does it. */
const killer = (rig: Rig) => () => rig.leader().kill();

function deaths(upstream: Upstream): number {
  return upstream.log.filter(line => line === 'open').length - 1;
}

system('an idempotent call that whoever runs it is lost by costs two leaders', async (t, rig) => {
  const client = (await rig.clients(6, FIVE_LEAD)).at(-1)!;
  const published = received(client);
  await rig.connect();
  const call = watch(client.with({ idempotent: true }).hold('x'));
  for (let i = 0; i < 2; i++) {
    await rig.time.settle();
    t.is(call.end, undefined);
    rig.leader().kill();
  }
  await rig.time.settle();
  t.is(call.end, 'ERR_LEADER_LOST unknown');
  t.is(published.length, 1);
  t.regex(published[0]!, /2 leaders of "g" were lost while they had a call of "hold" in their hands/);
  t.is(await rig.time.until(client.echo('well')), 'well');
  t.is(deaths(rig.upstream()), 2);
});

system('what a leader has taken, and not begun, costs nothing', async (t, rig) => {
  const client = (await rig.clients(6, FIVE_LEAD)).at(-1)!;
  const published = received(client);
  await rig.connect();
  const upstream = rig.upstream();
  const kill = killer(rig);
  const isPoison = (args: unknown[]) => args[0] === 'poison';
  await rig.time.until(Promise.all(['a', 'b'].map(key => client.with({ sticky: key }).publish(key))));
  upstream.onPublish = args => isPoison(args) && kill();
  const poison = watch(client.with({ sticky: 'poison' }).publish('poison'));
  const others = ['c', 'd'].map(key => watch(client.with({ sticky: key }).publish(key)));
  const calls = [1, 2].map(n => watch(client.with({ idempotent: true }).echo(n)));
  await rig.time.settle();
  await rig.time.settle();
  t.is(poison.end, 'ERR_LEADER_LOST unknown');
  t.deepEqual(
    [...others, ...calls].map(({ end }) => end),
    ['ok', 'ok', 'ok', 'ok'],
  );
  t.is(deaths(upstream), 2);
  t.is(client.status().sticky, 4);
  t.is(published.filter(text => /sticky under "\\"poison\\""/.test(text)).length, 1);
  // Neither the next leader hears of it.
  rig.leader().kill();
  await rig.time.settle();
  t.is(deaths(upstream), 3);
});

system('a sticky publication that is said again costs two leaders, and the error is told', async (t, rig) => {
  const client = (await rig.clients(6, FIVE_LEAD)).at(-1)!;
  const published = received(client);
  await rig.connect();
  await rig.time.until(client.with({ sticky: 'k' }).publish('poison'));
  rig.upstream().onPublish = killer(rig);
  rig.leader().kill();
  await rig.time.settle();
  await rig.time.settle();
  t.is(deaths(rig.upstream()), 3);
  t.is(client.status().sticky, 0);
  t.deepEqual(published.map(text => /ERR_LEADER_LOST|sticky/.exec(text)![0]).sort(), ['ERR_LEADER_LOST', 'sticky']);
});

system('a subscription costs two leaders, and as many as the option says', async (t, rig) => {
  for (const maxLeadersLost of [2, 3]) {
    const clients = await rig.clients(6, index => ({ name: `${maxLeadersLost}`, maxLeadersLost, eligible: index < 5 }));
    const client = clients.at(-1)!;
    const published = received(client);
    const name = `${maxLeadersLost}`;
    const upstream = rig.upstream(name);
    await rig.connect();
    upstream.onSubscribe = topic => void (topic === 'poison' && rig.leader(name).kill());
    const [poison, other] = ['poison', 'well'].map(topic => client.subscribe(topic, () => {}));
    const end = watch(poison!.ready);
    await rig.time.until(other!.ready);
    t.is(end.end, 'ERR_LEADER_LOST unknown');
    t.is(deaths(upstream), maxLeadersLost);
    t.is(client.status().subscriptions, 1);
    t.is(published.filter(text => text.includes('the subscription to')).length, 1);
  }
});

/** What ends whoever runs it. @returns how often it did */
function poisoned(upstream: Upstream, onKill: () => void): () => number {
  let kills = 0;
  const kill = (what: unknown) => {
    if (what !== 'poison') return;
    kills++;
    onKill();
  };
  upstream.onSubscribe = kill;
  upstream.onPublish = ([what]) => kill(what);
  return () => kills;
}

/** How each that asks for it hears that it is over. */
const ASKS: { readonly [what: string]: (client: Client) => PromiseLike<unknown> } = {
  subscription: client => client.subscribe('poison', () => {}).ready,
  publication: client => client.with({ sticky: 'k' }).publish('poison'),
};

for (const [what, ask] of Object.entries(ASKS)) {
  system(`a ${what} costs two leaders where others can't open the real client in between`, async (t, rig) => {
    const client = (await rig.clients(6, FIVE_LEAD)).at(-1)!;
    await rig.connect();
    const upstream = rig.upstream();
    let isBroken = false;
    upstream.onReady = () => {
      if (!isBroken) return;
      isBroken = false;
      throw new Error('The server refused.');
    };
    const kills = poisoned(upstream, () => {
      isBroken = true;
      rig.leader().kill();
    });
    const end = watch(ask(client));
    await rig.time.reached(() => end.end !== undefined);
    t.is(end.end, 'ERR_LEADER_LOST unknown');
    await rig.time.settle();
    t.is(kills(), 2);
  });

  system(`a ${what} costs two leaders where its worker reads late that they were lost`, async (t, rig) => {
    const client = (await rig.clients(6, FIVE_LEAD)).at(-1)!;
    await rig.connect();
    const worker = rig.workers.at(-1)!;
    const kills = poisoned(rig.upstream(), () => rig.leader().kill());
    const end = watch(ask(client));
    worker.stopReading();
    await rig.time.settle();
    t.is(kills(), 1);
    // Of this term it hears only that it is over.
    rig.leader().kill();
    await rig.time.settle();
    worker.startReading();
    await rig.time.reached(() => end.end !== undefined);
    t.is(end.end, 'ERR_LEADER_LOST unknown');
    await rig.time.settle();
    t.is(kills(), 2);
  });
}

system('that a call begins is told before it does, however much waits to be sent', async (t, rig) => {
  const client = (await rig.clients(6, FIVE_LEAD)).at(-1)!;
  await rig.connect();
  const kills = poisoned(rig.upstream(), () => rig.leader().kill());
  // In the same turn, so that the first leader is lost with both.
  const large = watch(client.with({ idempotent: true }).echo('x'.repeat(3e6)));
  const poison = watch(client.with({ sticky: 'k' }).publish('poison'));
  await rig.time.reached(() => poison.end !== undefined);
  t.deepEqual([large.end, poison.end], ['ok', 'ERR_LEADER_LOST unknown']);
  t.is(kills(), 2);
});

/** What blocks whoever runs it. @returns how often it did */
function hanging(rig: Rig): () => number {
  let hangs = 0;
  const hang = (what: unknown) => {
    if (what !== 'poison') return undefined;
    hangs++;
    rig.freeze(rig.leader());
    return new Promise<never>(() => {});
  };
  rig.upstream().onPublish = ([what]) => hang(what);
  rig.upstream().onSubscribe = hang;
  return () => hangs;
}

for (const maxLeadersLost of [2, 3]) {
  const title = `a publication costs ${maxLeadersLost} leaders although the primary is set up again meanwhile`;
  system(title, async (t, rig) => {
    const clients = await rig.clients(6, index => ({ ...FIVE_LEAD(index), maxLeadersLost }));
    const client = clients.at(-1)!;
    const published = received(client);
    await rig.connect();
    const hangs = hanging(rig);
    const end = watch(client.with({ sticky: 'k' }).publish('poison'));
    await rig.time.reached(() => hangs() === maxLeadersLost);
    await rig.time.settle();
    t.is(end.end, undefined);
    void rig.primary.close();
    await rig.time.settle();
    t.is(end.end, 'ERR_PRIMARY_LOST unknown');
    rig.setup();
    await rig.time.until(client.echo('well'));
    await rig.time.settle();
    t.is(hangs(), maxLeadersLost);
    t.is(client.status().sticky, 0);
    t.is(published.filter(text => text === 'ERR_LEADER_LOST').length, 1);
    t.is(published.filter(text => text.includes('sticky under')).length, 1);
  });
}

system('a subscription costs two leaders although the primary is set up again meanwhile', async (t, rig) => {
  const client = (await rig.clients(6, FIVE_LEAD)).at(-1)!;
  await rig.connect();
  const hangs = hanging(rig);
  const end = watch(client.subscribe('poison', () => {}).ready);
  await rig.time.reached(() => hangs() === 2);
  await rig.time.settle();
  void rig.primary.close();
  await rig.time.settle();
  rig.setup();
  await rig.time.until(client.echo('well'));
  await rig.time.settle();
  t.is(end.end, 'ERR_LEADER_LOST unknown');
  t.is(hangs(), 2);
});

for (const [when, ms] of Object.entries({ 'at once': 0, 'once nothing of the group is left': 2 * LEADER_TIMEOUT_MS })) {
  system(
    `what a worker hung itself with counts, other terms ended, and the primary is set up again ${when}`,
    async (t, rig) => {
      const [client, ...others] = await rig.clients(5);
      const hung = rig.leader();
      await rig.connect();
      const hangs = hanging(rig);
      const end = watch(client!.with({ sticky: 'k' }).publish('poison'));
      await rig.time.reached(() => hangs() === 1);
      void rig.primary.close();
      await rig.time.advance(ms);
      rig.setup();
      // Until then all of them have said hello again.
      await rig.time.advance(1000);
      await rig.time.until(rig.primary.transfer('g'));
      await rig.thaw(hung);
      t.is(end.end, 'ERR_PRIMARY_LOST unknown');
      await rig.time.reached(() => client!.status().sticky === 0);
      await rig.time.until(others.at(-1)!.ready());
      t.is(hangs(), 2);
    },
  );
}

system('what a worker hung itself with counts although a hand-over was the last that ended a term', async (t, rig) => {
  const [client, other] = await rig.clients(3, index => ({ eligible: index < 2, maxLeadersLost: 1 }));
  const hung = rig.leader();
  await rig.connect();
  const hangs = hanging(rig);
  const end = watch(client!.with({ sticky: 'k' }).publish('poison'));
  await rig.time.reached(() => hangs() === 1);
  void rig.primary.close();
  await rig.time.settle();
  rig.setup();
  await rig.time.until(other!.ready());
  await rig.time.until(other!.close());
  await rig.thaw(hung);
  await rig.time.until(client!.ready());
  await rig.time.settle();
  t.is(end.end, 'ERR_PRIMARY_LOST unknown');
  t.is(hangs(), 1);
  t.is(client!.status().sticky, 0);
});

system('a publication that hangs its leader costs two also where its caller waited less long', async (t, rig) => {
  const client = (await rig.clients(6, FIVE_LEAD)).at(-1)!;
  const published = received(client);
  await rig.connect();
  const hangs = hanging(rig);
  const publishing = client.with({ sticky: 'k', timeoutMs: 50 }).publish('poison');
  t.is(await rig.time.until(endOf(publishing)), 'ERR_TIMEOUT unknown');
  await rig.time.reached(() => client.status().sticky === 0);
  await rig.time.until(client.echo('well'));
  t.is(hangs(), 2);
  t.is(published.filter(text => text.includes('sticky under')).length, 1);
});

system('a publication that its leader answered late has cost nothing', async (t, rig) => {
  const client = (await rig.clients(6, FIVE_LEAD)).at(-1)!;
  const published = received(client);
  await rig.connect();
  for (let i = 0; i < 3; i++) {
    let isAnswered = false;
    rig.upstream().onPublish = async () => {
      await new Promise<void>(resolve => rig.time.setTimer(resolve, 100));
      isAnswered = true;
    };
    const publishing = client.with({ sticky: 'k', timeoutMs: 50 }).publish(i);
    t.is(await rig.time.until(endOf(publishing)), 'ERR_TIMEOUT unknown');
    await rig.time.reached(() => isAnswered);
    rig.leader().kill();
    await rig.time.settle();
  }
  t.is(client.status().sticky, 1);
  t.deepEqual(published, []);
});

system('a planned hand-over is no loss', async (t, rig) => {
  const clients = await rig.clients(4);
  const client = clients.at(-1)!;
  const published = received(client);
  await rig.connect();
  rig.upstream().onSubscribe = () => new Promise(() => {});
  const subscription = client.subscribe('slow', () => {});
  for (let i = 0; i < 5; i++) {
    await rig.time.settle();
    await rig.time.until(rig.primary.transfer('g'));
  }
  rig.upstream().onSubscribe = () => {};
  await rig.time.until(rig.primary.transfer('g'));
  await rig.time.until(subscription.ready);
  t.deepEqual(published, []);
});

system(
  'a leader that hangs and is killed for that is a loss too',
  async (t, rig) => {
    const client = (await rig.clients(6, FIVE_LEAD)).at(-1)!;
    await rig.connect();
    const call = watch(client.with({ idempotent: true }).hold('x'));
    for (let i = 0; i < 2; i++) {
      await rig.time.settle();
      t.is(call.end, undefined);
      const leader = rig.leader();
      leader.freeze();
      await rig.time.reached(() => !leader.isAlive);
    }
    await rig.time.settle();
    t.is(call.end, 'ERR_LEADER_LOST unknown');
    t.is(deaths(rig.upstream()), 2);
  },
  { primary: { hungLeader: 'kill' } },
);
