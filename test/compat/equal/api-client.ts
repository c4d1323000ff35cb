// The base class for API clients.

import { EventEmitter } from 'node:events';
import type { Case } from './case.js';
import { type Any, endOf, failure, thrownBy, type World } from './world.js';

/** An API client of the world's own class. */
function api(world: World, options: object = {}, extra: object = {}): Any {
  class Api extends world.cluster.APIClientBase {
    get DataClient() {
      return world.Real;
    }
    get clusterOptions() {
      return { port: world.port, name: 'api', isCheckHeartbeat: false };
    }
    get delegates() {
      return { callBack: 'invoke', note: 'invokeOneway' };
    }
    async start() {
      await (this as Any)._client.ready();
      (this as Any).started = true;
    }
  }
  Object.assign(Api.prototype, extra);
  return world.keep(new (Api as Any)(options));
}

export const API_CLIENTS: readonly Case[] = [
  {
    title: 'an API client: calls, events, readiness, leading',
    run: async world => {
      const client = api(world);
      await client.ready();
      const changed = new Promise(resolve => client.once('changed', resolve));
      world.real.emit('changed', 'event');
      return [
        await client._client.callBack('delegated'),
        await client._client.echo('automatic'),
        await changed,
        client.isClusterClientLeader,
        client.isReady,
      ];
    },
  },
  {
    title: 'the real client of an API client is made with its options',
    run: async world => endOf(api(world, { failure: failure() }).ready()),
  },
  {
    title: 'an API client with initMethod is ready after that',
    run: async world => {
      const client = api(world, { initMethod: 'start' }, {});
      // The real client gets the same options: it has a method of that name too.
      await client.ready();
      return client.started;
    },
  },
  {
    title: 'an API client with another cluster',
    run: async world => {
      const calls: unknown[] = [];
      const inner = new EventEmitter() as Any;
      inner.ready = (listener: Any) => setImmediate(listener);
      inner[Symbol.for('ClusterClient#close')] = async () => calls.push('close');
      const generator = {
        delegate: (...args: unknown[]) => calls.push(args),
        create: (options: object) => {
          calls.push(Object.keys(options));
          return inner;
        },
      };
      const client = api(world, { cluster: (Class: Any) => calls.push(Class === world.Real) && generator });
      await client.ready();
      await client.close();
      return calls;
    },
  },
  {
    title: 'closing an API client closes the real client',
    run: async world => {
      const client = api(world);
      await client.ready();
      await client.close();
      return [...world.real.diary];
    },
  },
  {
    title: 'a oneway call of an API client after its close makes no error event',
    run: async world => {
      const client = api(world);
      await client.ready();
      const errors: unknown[] = [];
      client.on('error', (error: unknown) => errors.push(error));
      client._client.on('error', (error: unknown) => errors.push(error));
      await client.close();
      client._client.note('late');
      client._client.publish('late');
      client._client.unSubscribe('topic');
      await world.settle();
      return errors;
    },
  },
  {
    title: 'a oneway call of a follower after its close makes no error event',
    run: async world => {
      const clients = [api(world), api(world)];
      for (const client of clients) await client.ready();
      const errors: unknown[] = [];
      clients[1].on('error', (error: unknown) => errors.push(error));
      await clients[1].close();
      clients[1]._client.note('late');
      await world.settle();
      return errors;
    },
  },
  {
    title: 'what an API client emits itself after the close is heard',
    run: async world => {
      const client = api(world);
      await client.ready();
      await client.close();
      const received: unknown[] = [];
      client.on('own', (value: unknown) => received.push(value));
      client._client.on('own', (value: unknown) => received.push(value));
      client._client.emit('own', 1);
      return received;
    },
  },
  {
    title: 'an API client without a DataClient throws',
    run: world =>
      thrownBy(() => new world.cluster.APIClientBase()).slice(0, '[APIClient] DataClient is required'.length),
  },
  {
    title: 'an API client that fails, and nobody waits for it',
    run: async world => {
      const client = api(world, { failure: failure() });
      const error = await new Promise<Any>(resolve => client.once('error', resolve));
      return [error.name, error.code, client.isReady];
    },
  },
  {
    title: 'an error event of the real client is one of the API client',
    run: async world => {
      const client = api(world);
      await client.ready();
      const received = new Promise<Any>(resolve => client.once('error', resolve));
      world.real.emit('error', failure());
      return (await received).code;
    },
  },
  {
    title: 'an API client with an initMethod that fails',
    run: async world => {
      const fail = async () => {
        throw failure();
      };
      // The real client gets the same options: there it succeeds.
      Object.assign(world.Real.prototype, { begin() {} });
      return endOf(api(world, { initMethod: 'begin' }, { begin: fail }).ready());
    },
  },
  {
    title: 'an API client with a generator as its initMethod',
    run: async world => {
      function* begin(this: Any): Generator {
        yield this._client.ready();
        this.begun = yield Promise.resolve('begun');
      }
      const client = api(world, { initMethod: 'begin' }, { begin });
      await client.ready();
      return client.begun;
    },
  },
  {
    title: 'the options of an API client, which its real client gets too',
    run: async world => {
      const client = api(world, { mine: 1 });
      await client.ready();
      return [client.options.mine, client._client.options.name];
    },
  },
  {
    title: 'an API client subscribes and publishes by its client',
    run: async world => {
      const client = api(world);
      const received: unknown[] = [];
      client._client.subscribe('topic', (value: unknown) => received.push(value));
      client._client.publish('said');
      await client.ready();
      await client._client.echo(1);
      world.real.push('topic', 1);
      await client._client.echo(2);
      return [received, [...world.real.diary]];
    },
  },
  {
    title: 'two API clients share a real client',
    run: async world => {
      const clients = [api(world), api(world)];
      for (const client of clients) await client.ready();
      return [world.reals.length, clients.map(client => client.isClusterClientLeader)];
    },
  },
];
