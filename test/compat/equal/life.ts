// Ready, leading, events, closing.

import { EventEmitter } from 'node:events';
import type { Case } from './case.js';
import { type Any, callback, endOf, failure, thrownBy } from './world.js';

export const LIFE: readonly Case[] = [
  {
    title: 'ready, for a promise, with a callback, and after the fact',
    run: async world => {
      const client = world.make();
      const [done, called] = callback();
      client.ready(done);
      const resolved = await client.ready();
      const [late, calledLate] = callback();
      client.ready(late);
      return [resolved === undefined, await called, await calledLate, client.isReady];
    },
  },
  {
    title: 'ready fails with the error of the real client, in the leader and in a follower',
    run: async world => {
      const leader = world.make({}, { failure: failure() });
      const ends = [await endOf(leader.ready())];
      const follower = world.make({}, { failure: failure() });
      ends.push(await endOf(follower.ready()));
      const [done, called] = callback();
      leader.ready(done);
      return [...ends, ((await called)[0] as Error).name, leader.isReady];
    },
  },
  {
    title: 'ready fails where the constructor throws',
    run: async world => endOf(world.make({}, { thrown: failure() }).ready()),
  },
  {
    title: 'a call of a client that failed ends with the same error',
    run: async world => {
      const client = world.make({}, { failure: failure() });
      await client.ready().catch(() => {});
      return [await endOf(client.echo(1)), await endOf(client.echo(1))];
    },
  },
  {
    title: 'a call made before it failed ends with the same error',
    run: async world => endOf(world.make({}, { failure: failure() }).echo(1)),
  },
  {
    title: 'a failure that nobody waits for is emitted',
    run: async world => {
      const client = world.make({}, { failure: failure() });
      const error = await new Promise<Any>(resolve => client.once('error', resolve));
      return [error.name, error.code];
    },
  },
  {
    title: 'a real client that failed is tried again',
    run: async world => {
      const client = world.make({}, { failure: failure() });
      await client.ready().catch(() => {});
      await new Promise(resolve => setTimeout(resolve, 300));
      return world.reals.length > 1;
    },
    differs: { name: 'failures', original: false, compat: true },
  },
  {
    title: 'one client leads, the others of the process follow',
    run: async world => {
      const clients = [...(await world.pair()), world.make()];
      await clients[2].ready();
      return clients.map(client => client.isClusterClientLeader);
    },
  },
  {
    title: 'isLeader: false follows one that leads',
    run: async world => {
      const leader = world.make();
      await leader.ready();
      const follower = world.make({ isLeader: false });
      await follower.ready();
      return [await follower.echo(1), follower.isClusterClientLeader, world.reals.length];
    },
  },
  {
    title: 'isLeader: true leads',
    run: async world => {
      const client = world.make({ isLeader: true });
      await client.ready();
      return client.isClusterClientLeader;
    },
  },
  {
    title: 'a second isLeader: true says so',
    run: async world => {
      await world.make({ isLeader: true, name: 'only' }).ready();
      const { message } = (await endOf(world.make({ isLeader: true, name: 'only' }).ready())) as Any;
      return message.slice(0, 'create "only" leader failed'.length);
    },
  },
  {
    title: 'isLeader: true beside one that leads already says so',
    run: async world => {
      await world.make({ name: 'only' }).ready();
      const { message } = (await endOf(world.make({ isLeader: true, name: 'only' }).ready())) as Any;
      return message.slice(0, 'create "only" leader failed'.length);
    },
  },
  {
    title: 'different names stay apart',
    run: async world => {
      await world.make({ name: 'one' }).ready();
      await world.make({ name: 'two' }).ready();
      return world.reals.length;
    },
  },
  {
    title: 'different ports stay apart',
    run: async world => {
      await world.make().ready();
      await world.make({ port: world.port + 1 }).ready();
      return world.reals.length;
    },
  },
  {
    title: 'other arguments of the same name share the first real client',
    run: async world => {
      await world.make().ready();
      await world.make({}, { failure: failure() }).ready();
      return world.reals.length;
    },
  },
  {
    title: 'events of the real client are events of the client that leads, and of no other',
    run: async world => {
      const [leader, follower] = await world.pair();
      const received: unknown[] = [];
      leader.on('changed', (...args: unknown[]) => received.push(['leader', ...args]));
      follower.on('changed', (...args: unknown[]) => received.push(['follower', ...args]));
      world.real.emit('changed', 1, { two: 2 });
      await world.settle();
      return received;
    },
  },
  {
    title: 'an error event of the real client is one of the client that leads',
    run: async world => {
      const [leader] = await world.pair();
      const received = new Promise<Any>(resolve => leader.once('error', resolve));
      world.real.emit('error', failure());
      return (await received).code;
    },
  },
  {
    title: 'listeners of the real client itself hear its events',
    run: async world => {
      await world.pair();
      let received = 0;
      world.real.on('changed', () => received++);
      const hadListeners = [world.real.emit('changed') !== undefined, received];
      return hadListeners;
    },
  },
  {
    title: 'no event comes after the close',
    run: async world => {
      const [leader] = await world.pair();
      let received = 0;
      await world.cluster.close(leader);
      leader.on('error', () => received++);
      await world.settle();
      return received;
    },
  },
  {
    title: 'an event of the real client after the close',
    run: async world => {
      const client = world.make();
      await client.ready();
      let received = 0;
      client.on('changed', () => received++);
      await world.cluster.close(client);
      world.real.emit('changed');
      return received;
    },
    differs: { name: 'events after close', original: 1, compat: 0 },
  },
  {
    title: 'closing the only client closes the real client, and is told',
    run: async world => {
      const client = world.make();
      await client.ready();
      let closed = 0;
      client.on('close', () => closed++);
      await world.cluster.close(client);
      return [[...world.real.diary], closed];
    },
  },
  {
    title: 'closing before it is ready',
    run: async world => {
      const client = world.make();
      await world.cluster.close(client);
      return [...world.real.diary];
    },
  },
  {
    title: 'closing a follower leaves the real client open',
    run: async world => {
      const [leader, follower] = await world.pair();
      await world.cluster.close(follower);
      return [[...world.real.diary], await leader.echo(1)];
    },
  },
  {
    title: 'client.close() closes it',
    run: async world => {
      const client = world.make();
      await client.ready();
      await client.close();
      return [...world.real.diary];
    },
  },
  {
    title: 'what the real client throws when it is closed is thrown',
    run: async world => {
      class Stubborn extends world.Real {
        override async close() {
          throw failure();
        }
      }
      const client = world.keep(world.generator(Stubborn).create());
      await client.ready();
      return endOf(world.cluster.close(client));
    },
  },
  {
    title: 'closing what is no client throws',
    run: world => /^\[cluster#close\] client/.test(thrownBy(() => world.cluster.close({}))),
  },
  {
    title: 'after the close the next client of the name has a real client of its own',
    run: async world => {
      const first = world.make();
      await first.ready();
      await world.cluster.close(first);
      const second = world.make();
      await second.ready();
      return [world.reals.length, await second.echo(1), second.isClusterClientLeader];
    },
  },
  {
    title: 'when the client that leads is closed, the next one of the process leads, and is served',
    run: async world => {
      const [leader, follower] = await world.pair();
      const received: unknown[] = [];
      follower.subscribe('topic', (value: unknown) => received.push(value));
      follower.publish({ id: 'said' });
      await world.settle();
      await world.cluster.close(leader);
      while (follower.isClusterClientLeader !== true) await new Promise(resolve => setTimeout(resolve, 5));
      await follower.ready();
      await world.settle();
      world.reals.at(-1)!.push('topic', 'value');
      await world.settle();
      return [received, await follower.echo(1), world.reals.at(-1)!.diary.slice(0, 2)];
    },
  },
  {
    title: 'when the client that leads is closed, others of the process keep its real client',
    run: async world => {
      const [leader, follower] = await world.pair();
      await world.cluster.close(leader);
      while (follower.isClusterClientLeader !== true) await new Promise(resolve => setTimeout(resolve, 5));
      await follower.ready();
      return world.reals.length === 1;
    },
    differs: { name: 'closing one of several', original: false, compat: true },
  },
  {
    title: 'who leads is not known before it is',
    run: async world => {
      const client = world.make();
      const before = [client.isClusterClientLeader, client.isReady];
      await client.ready();
      return [before, client.isReady];
    },
  },
  {
    title: 'ready after the close',
    run: async world => {
      const client = world.make();
      await client.ready();
      await world.cluster.close(client);
      return [await endOf(client.ready()), client.isReady];
    },
  },
  {
    title: 'ready with a limit',
    run: async world => {
      const client = world.make();
      await client.readyOrTimeout(5000);
      const failing = world.make({ name: 'failing' }, { failure: failure() });
      return [client.isReady, await endOf(failing.readyOrTimeout(5000))];
    },
  },
  {
    title: 'an event can be awaited, or the first of several',
    run: async world => {
      const client = world.make();
      await client.ready();
      const one = client.await('changed');
      const first = client.awaitFirst(['other', 'changed']);
      world.real.emit('changed', 1, 2);
      return [await one, await first];
    },
  },
  {
    title: 'what is emitted on the client itself stays there',
    run: async world => {
      const client = world.make();
      await client.ready();
      const received: unknown[] = [];
      client.once('own', (...args: unknown[]) => received.push(['client', ...args]));
      world.real.on('own', () => received.push('real client'));
      client.emit('own', 1);
      client.emit('own', 2);
      return received;
    },
  },
  {
    title: 'a generator function that listens to an event',
    run: async world => {
      const client = world.make();
      await client.ready();
      const received: unknown[] = [];
      client.on('changed', function* (value: unknown): Generator {
        received.push(yield Promise.resolve(value));
      });
      world.real.emit('changed', 1);
      await world.settle();
      return received;
    },
    differs: { name: 'generators that listen', original: [1], compat: [] },
  },
  {
    title: 'the client inside the client',
    run: async world => {
      const client = world.make();
      await client.ready();
      return typeof client[Symbol.for('ClusterClient#innerClient')];
    },
    differs: { name: 'inner client', original: 'object', compat: 'undefined' },
  },
  {
    title: 'a client is an emitter',
    run: world => {
      const client = world.make();
      return ['on', 'once', 'off', 'emit', 'removeListener', 'listenerCount'].map(name => typeof client[name]);
    },
  },
  {
    title: 'maxListeners',
    run: world => world.make({ maxListeners: 7 }).options.maxListeners,
  },
  {
    title: 'a close of another name closes the client, by cluster.close() too',
    run: async world => {
      class Stopping extends world.Real {
        async stop() {
          this.diary.push('stop');
        }
      }
      const create = () =>
        world.keep(world.generator(Stopping, { autoGenerate: false }).delegate('stop', 'close').create());
      const one = create();
      await one.ready();
      await one.stop();
      const two = create();
      await two.ready();
      await world.cluster.close(two);
      return world.reals.map(real => [...real.diary]);
    },
  },
  {
    title: 'a generator that closes is run to its end',
    run: async world => {
      class Generating extends world.Real {
        // biome-ignore lint/suspicious/noExplicitAny: it stands in for a method that returns a promise.
        override *close(): any {
          this.diary.push(yield Promise.resolve('closed'));
        }
      }
      const client = world.keep(world.generator(Generating).create());
      await client.ready();
      await world.cluster.close(client);
      return [...world.real.diary];
    },
  },
  {
    title: 'client.close() where the class has no close',
    run: async world => {
      class Open extends EventEmitter {
        async echo(value: unknown) {
          return value;
        }
      }
      const client = world.keep(world.generator(Open).create());
      await client.ready();
      await client.close();
      const end = (await endOf(client.echo(1), 300)) as Any;
      return end.name ?? end;
    },
    differs: { name: 'close without a close', original: { value: 1 }, compat: 'ClusterSocketCloseError' },
  },
  {
    title: 'a follower that was closed can be replaced',
    run: async world => {
      const [, follower] = await world.pair();
      await world.cluster.close(follower);
      const again = world.make();
      await again.ready();
      return [await again.echo(1), world.reals.length];
    },
  },
  {
    title: 'a plain class, without events or ready, can be shared',
    run: async world => {
      class Plain {
        async echo(value: unknown) {
          return value;
        }
      }
      const client = world.keep(world.generator(Plain).create());
      return (await endOf(client.echo(1), 300)) as Any;
    },
    differs: {
      name: 'plain classes',
      original: { name: 'TypeError', message: 'from.listeners is not a function', code: undefined },
      compat: { value: 1 },
    },
  },
];
