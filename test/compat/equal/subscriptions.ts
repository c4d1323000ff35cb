// Subscriptions and publications.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from './case.js';
import { type Any, thrownBy, type World } from './world.js';

/** Subscribes each of them, and tells what they hear. */
function listen(clients: readonly Any[], reg: unknown = 'topic'): unknown[][] {
  return clients.map(client => {
    const received: unknown[] = [];
    client.subscribe(reg, (value: unknown) => received.push(value));
    return received;
  });
}

/** How often the real client was asked this. */
const times = (world: World, what: string) =>
  world.reals.flatMap(real => real.diary).filter(entry => Array.isArray(entry) && entry[0] === what).length;

export const SUBSCRIPTIONS: readonly Case[] = [
  {
    title: 'a value reaches every client, over one upstream subscription',
    run: async world => {
      const [leader, follower] = await world.pair();
      const third = world.make();
      await third.ready();
      const received = listen([leader, follower, third]);
      await world.settle();
      world.real.push('topic', { n: 1 });
      world.real.push('topic', { n: 2 });
      await world.settle();
      return [received, times(world, 'subscribe'), world.reals.length];
    },
  },
  {
    title: 'what one client does to a value hurts no other',
    run: async world => {
      const clients = await world.pair();
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
      return received;
    },
  },
  {
    title: 'what one listener of a follower does to a value hurts the next',
    run: async world => {
      const [, follower] = await world.pair();
      const received: unknown[] = [];
      for (let i = 0; i < 2; i++) {
        follower.subscribe('topic', (value: Any) => {
          received.push(value.n);
          value.n = 'changed';
        });
      }
      await world.settle();
      world.real.push('topic', { n: 1 });
      await world.settle();
      return received;
    },
    differs: { name: 'copies for each listener', original: [1, 'changed'], compat: [1, 1] },
  },
  {
    title: 'who subscribes late gets the last value, of its own client or of another',
    run: async world => {
      const [leader, follower] = await world.pair();
      listen([leader]);
      await world.settle();
      world.real.push('topic', 'old');
      world.real.push('topic', 'last');
      await world.settle();
      const late = listen([leader, follower, follower]);
      await world.settle();
      return [late, times(world, 'subscribe')];
    },
  },
  {
    title: 'subscribed before it is ready',
    run: async world => {
      const client = world.make();
      const received = listen([client]);
      await client.ready();
      await world.settle();
      world.real.push('topic', 1);
      await world.settle();
      return received;
    },
  },
  {
    title: 'a registration is known by its value',
    run: async world => {
      const [leader, follower] = await world.pair();
      const received = [...listen([leader], { id: 'a', list: [1] }), ...listen([follower], { id: 'a', list: [1] })];
      listen([follower], { id: 'b' });
      await world.settle();
      world.real.push({ id: 'a', list: [1] }, 'value');
      await world.settle();
      return [received, times(world, 'subscribe')];
    },
  },
  {
    title: 'the order of the keys of a registration',
    run: async world => {
      const [leader] = await world.pair();
      listen([leader], { a: 1, b: 2 });
      listen([leader], { b: 2, a: 1 });
      await world.settle();
      return times(world, 'subscribe');
    },
    differs: { name: 'order of keys', original: 2, compat: 1 },
  },
  {
    title: 'formatKey says which registrations are one',
    run: async world => {
      const formatKey = (reg: Any) => reg.id;
      const [leader, follower] = await world.pair({ formatKey });
      const received = [
        ...listen([leader], { id: 'a', by: 'leader' }),
        ...listen([follower], { id: 'a', by: 'follower' }),
      ];
      await world.settle();
      world.real.push({ id: 'a', by: 'leader' }, 'value');
      await world.settle();
      return [received, times(world, 'subscribe')];
    },
  },
  {
    title: 'the same listener twice',
    run: async world => {
      const [leader] = await world.pair();
      const received: unknown[] = [];
      const listener = (value: unknown) => received.push(value);
      leader.subscribe('topic', listener);
      leader.subscribe('topic', listener);
      await world.settle();
      world.real.push('topic', 1);
      await world.settle();
      leader.unSubscribe('topic', listener);
      await world.settle();
      world.real.push('topic', 2);
      await world.settle();
      return received;
    },
  },
  ...[0, 1].map(
    (which): Case => ({
      title: `unSubscribe with a listener ends that one, of the ${['leader', 'follower'][which]}`,
      run: async world => {
        const client = (await world.pair())[which];
        const received: unknown[] = [];
        const listener = () => received.push('ended');
        client.subscribe('topic', listener);
        client.subscribe('topic', (value: unknown) => received.push(value));
        await world.settle();
        client.unSubscribe('topic', listener);
        await world.settle();
        world.real.push('topic', 'kept');
        await world.settle();
        return received;
      },
    }),
  ),
  ...[0, 1].map(
    (which): Case => ({
      title: `unSubscribe without one ends all, but not another client's, of the ${['leader', 'follower'][which]}`,
      run: async world => {
        const clients = await world.pair();
        const [mine, again] = listen([clients[which], clients[which]]);
        const [other] = listen([clients[1 - which]]);
        await world.settle();
        clients[which].unSubscribe('topic');
        await world.settle();
        world.real.push('topic', 'value');
        await world.settle();
        return [mine, again, other];
      },
    }),
  ),
  {
    title: 'unSubscribe of what nobody subscribed to',
    run: async world => {
      const [leader, follower] = await world.pair();
      leader.unSubscribe('nothing');
      follower.unSubscribe('nothing', () => {});
      await world.settle();
      return world.errors.length;
    },
  },
  {
    title: 'unSubscribe before it is ready',
    run: async world => {
      const client = world.make();
      const received = listen([client]);
      client.unSubscribe('topic');
      await client.ready();
      await world.settle();
      return received;
    },
  },
  {
    title: 'the last unSubscribe reaches the real client',
    run: async world => {
      const [leader] = await world.pair();
      listen([leader]);
      await world.settle();
      leader.unSubscribe('topic');
      await world.settle();
      return times(world, 'unSubscribe');
    },
    differs: { name: 'upstream unSubscribe', original: 0, compat: 1 },
  },
  {
    title: 'subscribe without a function throws',
    run: async world => /listener.*function/.test(thrownBy(() => world.make().subscribe('topic'))),
  },
  {
    title: 'subscribe, unSubscribe and publish return nothing',
    run: world => {
      const client = world.make();
      return [client.subscribe('a', () => {}), client.unSubscribe('a'), client.publish('a')].map(x => x === undefined);
    },
  },
  {
    title: 'the symbols of the methods',
    run: world => {
      const client = world.make();
      return ['subscribe', 'unSubscribe', 'publish', 'invoke', 'close'].map(
        name => typeof client[Symbol.for(`ClusterClient#${name}`)],
      );
    },
  },
  {
    title: 'isBroadcast: false: one client gets each value',
    run: async world => {
      const clients = await world.pair({ isBroadcast: false });
      const received = listen(clients);
      await world.settle();
      for (let n = 1; n <= 20; n++) world.real.push('topic', n);
      await world.settle();
      return received.flat().sort((a: Any, b: Any) => a - b);
    },
  },
  {
    title: 'isBroadcast: false: who subscribes late gets nothing',
    run: async world => {
      const [leader, follower] = await world.pair({ isBroadcast: false });
      listen([leader]);
      await world.settle();
      world.real.push('topic', 1);
      await world.settle();
      const late = listen([follower]);
      await world.settle();
      return late;
    },
  },
  {
    title: 'a publication reaches the real client once',
    run: async world => {
      const [leader, follower] = await world.pair();
      leader.publish({ id: 'l', n: 1 });
      await world.settle();
      follower.publish({ id: 'f', n: 2 });
      await world.settle();
      return [...world.real.diary];
    },
  },
  {
    title: 'a publication made before it is ready',
    run: async world => {
      const client = world.make();
      client.publish({ id: 'early' });
      await client.ready();
      await world.settle();
      return [...world.real.diary];
    },
  },
  {
    title: 'the same publication twice',
    run: async world => {
      const [, follower] = await world.pair();
      follower.publish({ id: 'f' });
      follower.publish({ id: 'f' });
      await world.settle();
      return times(world, 'publish');
    },
  },
  {
    title: 'subscribeTimeout is an error of a follower, and the subscription stays',
    run: async world => {
      const [, follower] = await world.pair({ subscribeTimeout: 30 });
      const failed = new Promise<Error>(resolve => follower.once('error', resolve));
      const [received] = listen([follower]);
      const { message } = await failed;
      world.real.push('topic', 'late');
      await world.settle();
      return [/^subscribe timeout for /.test(message), received];
    },
  },
  {
    title: 'subscribeTimeout in the leader',
    run: async world => {
      const [leader] = await world.pair({ subscribeTimeout: 30 });
      listen([leader]);
      const failed = new Promise(resolve =>
        leader.once('error', ({ message }: Error) => resolve(message.slice(0, 17))),
      );
      return Promise.race([failed, sleep(300, 'nothing')]);
    },
    differs: { name: 'timeouts', original: 'nothing', compat: 'subscribe timeout' },
  },
  {
    title: 'subscribed again after the last unSubscribe',
    run: async world => {
      const [, follower] = await world.pair();
      listen([follower]);
      await world.settle();
      world.real.push('topic', 'old');
      await world.settle();
      follower.unSubscribe('topic');
      await world.settle();
      const [received] = listen([follower]);
      await world.settle();
      world.real.push('topic', 'new');
      await world.settle();
      return received;
    },
    differs: { name: 'upstream unSubscribe', original: ['old', 'new'], compat: ['new'] },
  },
  {
    title: 'registrations of other kinds than objects',
    run: async world => {
      const [leader, follower] = await world.pair();
      const regs = ['1', 1, null, true, ['a'], '', { a: null }];
      const received = regs.map((reg, i) => listen([i % 2 ? leader : follower], reg)[0]);
      await world.settle();
      for (const [i, reg] of regs.entries()) world.real.push(reg, i);
      await world.settle();
      return [received, times(world, 'subscribe')];
    },
  },
  {
    title: 'values of all kinds',
    run: async world => {
      const clients = await world.pair();
      const received = listen(clients);
      await world.settle();
      for (const value of [null, 0, '', false, [], { at: new Date(1) }, Buffer.from('b')])
        world.real.push('topic', value);
      await world.settle();
      return received;
    },
  },
  {
    title: 'many values keep their order',
    run: async world => {
      const clients = await world.pair();
      const received = listen(clients);
      await world.settle();
      for (let n = 0; n < 100; n++) world.real.push('topic', n);
      await world.settle();
      return received;
    },
  },
  {
    title: 'a real client that has a value at once',
    run: async world => {
      class Eager extends world.Real {
        override subscribe(reg: unknown, listener: (value: unknown) => void) {
          super.subscribe(reg, listener);
          listener('at once');
        }
      }
      const make = () => world.keep(world.generator(Eager).delegate('echo').create());
      const clients = [make(), make()];
      for (const client of clients) await client.ready();
      const received = listen(clients);
      await world.settle();
      return received;
    },
  },
  {
    title: 'unSubscribe in the middle of a value',
    run: async world => {
      const [, follower] = await world.pair();
      const received: unknown[] = [];
      const once = (value: unknown) => {
        received.push(value);
        follower.unSubscribe('topic', once);
      };
      follower.subscribe('topic', once);
      await world.settle();
      world.real.push('topic', 1);
      await world.settle();
      world.real.push('topic', 2);
      await world.settle();
      return received;
    },
  },
  {
    title: 'subscribed in the middle of a value',
    run: async world => {
      const [, follower] = await world.pair();
      const received: unknown[] = [];
      follower.subscribe('first', () => follower.subscribe('second', (value: unknown) => received.push(value)));
      await world.settle();
      world.real.push('first', 1);
      await world.settle();
      world.real.push('second', 2);
      await world.settle();
      return received;
    },
  },
  {
    title: 'one listener of two registrations',
    run: async world => {
      const [leader] = await world.pair();
      const received: unknown[] = [];
      const listener = (value: unknown) => received.push(value);
      for (const reg of ['a', 'b']) leader.subscribe(reg, listener);
      await world.settle();
      leader.unSubscribe('a', listener);
      await world.settle();
      for (const reg of ['a', 'b']) world.real.push(reg, reg);
      await world.settle();
      return received;
    },
  },
  {
    title: 'two names of one class have values of their own',
    run: async world => {
      const clients = [world.make({ name: 'one' }), world.make({ name: 'two' })];
      for (const client of clients) await client.ready();
      const received = listen(clients);
      await world.settle();
      for (const [i, real] of world.reals.entries()) real.push('topic', i);
      await world.settle();
      return received;
    },
  },
  {
    title: 'nothing comes after the close of a follower',
    run: async world => {
      const [leader, follower] = await world.pair();
      const [mine, other] = listen([follower, leader]);
      await world.settle();
      await world.cluster.close(follower);
      world.real.push('topic', 1);
      await leader.echo(1);
      return [mine, other];
    },
  },
  {
    title: 'a publication, with more arguments than one',
    run: async world => {
      const [, follower] = await world.pair();
      follower.publish({ id: 'f' }, 'more');
      await world.settle();
      return [...world.real.diary];
    },
  },
  {
    title: 'a publication of another name',
    run: async world => {
      class Announcing extends world.Real {
        announce(reg: unknown) {
          this.diary.push(['announce', reg]);
        }
      }
      const client = world.keep(
        world.generator(Announcing, { autoGenerate: false }).delegate('announce', 'publish').delegate('echo').create(),
      );
      await client.ready();
      client.announce('x');
      await world.settle();
      return [...world.real.diary];
    },
  },
  ...['publish', 'subscribe'].map(
    (what): Case => ({
      title: `a ${what} that throws, in the leader`,
      run: async world => {
        class Refusing extends world.Real {
          override publish() {
            throw new Error('refused');
          }
          override subscribe() {
            throw new Error('refused');
          }
        }
        const client = world.keep(world.generator(Refusing).delegate('echo').create());
        await client.ready();
        const thrown = thrownBy(() => client[what]('a', () => {}));
        await world.settle();
        return [thrown, world.errors.map(({ message }) => message)];
      },
      differs: { name: 'thrown at once', original: ['refused', []], compat: ['nothing', ['refused']] },
    }),
  ),
];
