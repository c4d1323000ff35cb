// What differs in single mode, and what doesn't: all clients of a name share one real client of this process.

import type { Case } from './case.js';
import { type Any, callback, co, endOf, failure, type World } from './world.js';

/** As of a client of ZooKeeper: its methods are asked where it is used. */
class Acl {
  constructor(
    readonly id: string,
    readonly permission: number,
  ) {}
}

const pair = (world: World, options: object = {}) => world.pair({ singleMode: true, ...options });

function listen(clients: readonly Any[], reg: unknown = 'topic'): unknown[][] {
  return clients.map(client => {
    const received: unknown[] = [];
    client.subscribe(reg, (value: unknown) => received.push(value));
    return received;
  });
}

export const SINGLE_MODE: readonly Case[] = [
  {
    title: 'singleMode: one real client, which all lead',
    run: async world => {
      const [one, two] = await world.pair({ singleMode: true });
      const received: unknown[] = [];
      for (const client of [one, two]) client.on('changed', () => received.push('changed'));
      world.real.emit('changed');
      const alive = [world.reals.length, one.isClusterClientLeader, two.isClusterClientLeader, received];
      await world.cluster.close(one);
      const kept = [...world.real.diary];
      await world.cluster.close(two);
      return [alive, kept, [...world.real.diary]];
    },
  },
  {
    title: 'singleMode: calls by promise, callback and generator',
    run: async world => {
      const [, client] = await pair(world);
      const [done, called] = callback();
      client.callBack('called back', done);
      return [
        await client.echo({ a: 1 }),
        (await called)[1],
        await co(function* () {
          return yield client.generate(1);
        }),
        await endOf(client.refuse()),
        await endOf(client.throwing()),
      ];
    },
  },
  {
    title: 'singleMode: arguments, results and errors are the same objects, of every kind of call',
    run: async world => {
      const [, client] = await pair(world);
      const sent = new Acl('world', 31);
      const error = Object.assign(new Error('refused'), { acl: sent, getCode: () => -110 });
      const [done, called] = callback();
      client.callBack(sent, done);
      const ends = [
        await client.echo(sent),
        (await called)[1],
        (
          await co(function* () {
            return yield client.generate(sent);
          })
        )[0][0],
      ];
      client.note(sent);
      client.publish({ id: 'said', acl: sent });
      await world.settle();
      const [[, noted], [, published]] = world.real.diary as Any;
      const all = [...ends, noted, published.acl].map(end => end === sent);
      return [...all, (await client.refuse(error).catch((end: Any) => end)) === error];
    },
  },
  {
    title: 'singleMode: a transcode is not asked for arguments and results',
    run: async world => {
      const transcode = { encode: (value: unknown) => ({ value }), decode: ({ value }: Any) => value };
      const [, client] = await pair(world, { transcode });
      const received = new Promise(resolve => client.subscribe('topic', resolve));
      await world.settle();
      world.real.push('topic', { n: 1 });
      return [await client.echo(1), await received];
    },
  },
  {
    title: 'singleMode: a oneway call and a publication reach the real client once',
    run: async world => {
      const [one, two] = await pair(world);
      one.note('noted');
      two.publish({ id: 'said' });
      await world.settle();
      return [...world.real.diary];
    },
  },
  {
    title: 'singleMode: a value reaches every client, each its own copy, over one upstream subscription',
    run: async world => {
      const clients = await pair(world);
      const received: unknown[] = [];
      for (const client of clients) {
        client.subscribe('topic', (value: Any) => {
          received.push({ ...value });
          value.n = 'changed';
        });
      }
      await world.settle();
      world.real.push('topic', { n: 1 });
      await world.settle();
      return [received, [...world.real.diary]];
    },
  },
  {
    title: 'singleMode: who subscribes late gets the last value',
    run: async world => {
      const [one, two] = await pair(world);
      listen([one]);
      await world.settle();
      world.real.push('topic', 'last');
      await world.settle();
      const late = listen([one, two]);
      await world.settle();
      return late;
    },
  },
  {
    title: 'singleMode: unSubscribe with a listener ends that one',
    run: async world => {
      const [one, two] = await pair(world);
      const [other] = listen([two]);
      const received: unknown[] = [];
      const listener = () => received.push('ended');
      one.subscribe('topic', listener);
      await world.settle();
      one.unSubscribe('topic', listener);
      world.real.push('topic', 1);
      await world.settle();
      return [received, other];
    },
  },
  {
    title: 'singleMode: unSubscribe without a listener, and another client',
    run: async world => {
      const [one, two] = await pair(world);
      const [mine, other] = listen([one, two]);
      await world.settle();
      one.unSubscribe('topic');
      await world.settle();
      world.real.push('topic', 1);
      await world.settle();
      return [mine, other];
    },
    differs: { name: 'unSubscribe in single mode', original: [[], []], compat: [[], [1]] },
  },
  {
    title: 'singleMode: isBroadcast: false: one client gets each value',
    run: async world => {
      const clients = await pair(world, { isBroadcast: false });
      const received = listen(clients);
      await world.settle();
      for (let n = 1; n <= 20; n++) world.real.push('topic', n);
      await world.settle();
      return received.flat().sort((a: Any, b: Any) => a - b);
    },
  },
  {
    title: 'singleMode: ready fails with the error of the real client, for every client',
    run: async world => {
      const options = { singleMode: true };
      const clients = [world.make(options, { failure: failure() }), world.make(options, { failure: failure() })];
      return Promise.all(clients.map(client => endOf(client.ready())));
    },
  },
  {
    title: 'singleMode: a call that is not answered',
    run: async world => {
      const [client] = await pair(world, { responseTimeout: 60 });
      const end = (await endOf(client.never(), 400)) as Any;
      return end.name ?? end;
    },
    differs: { name: 'timeouts', original: 'never', compat: 'ResponseTimeoutError' },
  },
  {
    title: 'singleMode: after the last close the next one has a real client of its own',
    run: async world => {
      const [one, two] = await pair(world);
      for (const client of [one, two]) await world.cluster.close(client);
      const next = world.make({ singleMode: true });
      await next.ready();
      return [await next.echo(1), world.reals.length];
    },
  },
  {
    title: 'singleMode: different ports share, different names do not',
    run: async world => {
      const [one] = await pair(world);
      await world.make({ singleMode: true, port: world.port + 1 }).ready();
      await world.make({ singleMode: true, name: 'other' }).ready();
      return [one.isClusterClientLeader, world.reals.length];
    },
  },
];
