// Calls by callback, promise and generator, of the client that leads and of one that follows.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from './case.js';
import { type Any, callback, co, endOf, type World } from './world.js';

type Script = (client: Any, world: World) => unknown;

/** The same of both clients. */
const ofBoth =
  (script: Script): Case['run'] =>
  async world => {
    const [leader, follower] = await world.pair();
    return { leader: await script(leader, world), follower: await script(follower, world) };
  };

const ofFollower =
  (script: Script): Case['run'] =>
  async world => {
    const [, follower] = await world.pair();
    return script(follower, world);
  };

const ofLeader =
  (script: Script): Case['run'] =>
  async world => {
    const [leader] = await world.pair();
    return script(leader, world);
  };

const withCallback = async (call: (done: Any) => void): Promise<unknown[]> => {
  const [done, called] = callback();
  call(done);
  const [error, ...results] = await called;
  return error ? [(error as Error).message] : [true, ...results];
};

/** A pair whose real client has methods that are not quite as they should be. Its calls wait for 60 ms. */
async function odd(world: World): Promise<[leader: Any, follower: Any]> {
  class Odd extends world.Real {
    answer: () => void = () => {};

    immediate() {
      return 1;
    }

    twice(callback: Any) {
      setImmediate(() => {
        callback(null, 'first');
        callback(null, 'second');
      });
    }

    async both(callback: Any) {
      callback(null, 'called');
      return 'returned';
    }

    *onward(value: unknown): Generator<unknown, unknown, unknown> {
      return yield Promise.resolve(value);
    }

    told(...args: unknown[]) {
      this.diary.push(args.map(arg => typeof arg));
    }

    async throwIt(value: unknown) {
      throw value;
    }

    async late() {
      await new Promise<void>(resolve => {
        this.answer = resolve;
      });
    }
  }
  const make = async () => {
    const generator = world.generator(Odd, { responseTimeout: 60 });
    for (const name of ['immediate', 'twice', 'echo']) generator.delegate(name);
    for (const name of ['onward', 'told']) generator.delegate(name, 'invokeOneway');
    const client = world.keep(generator.create());
    await client.ready();
    return client;
  };
  return [await make(), await make()];
}

const oddFollower = async (world: World) => (await odd(world))[1];

class Point {
  x = 1;
  #secret = 2;
  sum() {
    return this.x + this.#secret;
  }
}

export const CALLS: readonly Case[] = [
  { title: 'an async method, for a promise', run: ofBoth(client => client.echo({ a: [1, 'two', null] })) },
  { title: 'an async method, with a callback', run: ofBoth(client => withCallback(done => client.echo(7, done))) },
  { title: 'a method with a callback, for a promise', run: ofBoth(client => client.callBack('back')) },
  { title: 'a method with a callback, with one', run: ofBoth(client => withCallback(d => client.callBack(1, d))) },
  { title: 'a method that calls back at once', run: ofBoth(client => client.callBackAtOnce('soon')) },
  {
    title: 'a generator method, yielded in co',
    run: ofBoth(client =>
      co(function* () {
        return yield client.generate(1);
      }),
    ),
  },
  {
    title: 'a generator method, by yield*',
    run: ofBoth(client =>
      co(function* () {
        return yield* client.generate(2);
      }),
    ),
  },
  {
    title: 'a promise of a call, yielded in co',
    run: ofBoth(client =>
      co(function* () {
        return yield [client.echo(1), client.callBack(2)];
      }),
    ),
  },
  {
    title: 'a generator method, awaited',
    run: ofFollower(async client => typeof (await client.generate(3)).next),
    differs: { name: 'generators', original: 'function', compat: 'undefined' },
  },
  { title: 'a method that returns nothing', run: ofBoth(client => endOf(client.nothing())) },
  { title: 'an error of an async method', run: ofBoth(client => endOf(client.refuse())) },
  { title: 'an error that is called back', run: ofBoth(client => endOf(client.callBackError())) },
  { title: 'an error, with a callback', run: ofBoth(client => withCallback(done => client.callBackError(done))) },
  {
    title: 'an error of a generator method',
    run: ofBoth(client =>
      endOf(
        co(function* () {
          yield client.degenerate();
        }),
      ),
    ),
  },
  { title: 'an error is an Error', run: ofBoth(client => client.refuse().catch((e: unknown) => e instanceof Error)) },
  { title: 'an error thrown at once, in the leader', run: ofLeader(client => endOf(client.throwing())) },
  {
    title: 'the class and the properties of an error',
    run: ofFollower(client => client.refuse().catch((e: Any) => [e instanceof RangeError, e.extra])),
    differs: { name: 'errors', original: [false, undefined], compat: [true, 1] },
  },
  {
    title: 'a failed call of a follower is an error of the leader too',
    run: ofFollower(async (client, world) => {
      await client.refuse().catch(() => {});
      await world.settle();
      return world.errors.length;
    }),
    differs: { name: 'errors told twice', original: 1, compat: 0 },
  },
  { title: 'a method is called on the real client', run: ofBoth(client => client.self()) },
  { title: 'a method gets a callback last, whether it wants one or not', run: ofBoth(client => client.count(1, 'a')) },
  {
    title: 'several results of a callback, in the leader',
    run: ofLeader(client => withCallback(done => client.several(done))),
  },
  { title: 'the first of several results, for a promise', run: ofBoth(client => client.several()) },
  {
    title: 'several results of a callback, in a follower',
    run: ofFollower(client => withCallback(done => client.several(done))),
    differs: { name: 'several results', original: [true, 'one'], compat: [true, 'one', 'two', 3] },
  },
  {
    title: 'a oneway call returns nothing and reaches the real client',
    run: ofBoth(async (client, world) => {
      const returned = client.note('noted') ?? 'nothing';
      await world.settle();
      return [returned, world.real.diary.length];
    }),
  },
  {
    title: 'a oneway call made before it is ready',
    run: async world => {
      const client = world.make();
      client.note('early');
      await client.ready();
      await world.settle();
      return [...world.real.diary];
    },
  },
  {
    title: 'calls made before it is ready, in order',
    run: async world => {
      const client = world.make();
      return Promise.all([client.echo(1), client.callBack(2), client.echo(3)]);
    },
  },
  {
    title: 'a call that is not answered, of a follower',
    run: async world => {
      const [, follower] = await world.pair({ responseTimeout: 60 });
      const { name } = (await endOf(follower.never())) as Any;
      return name;
    },
  },
  {
    title: 'a call that is not answered, of the leader',
    run: async world => {
      const [leader] = await world.pair({ responseTimeout: 60 });
      const end = (await endOf(leader.never(), 400)) as Any;
      return end.name ?? end;
    },
    differs: { name: 'timeouts', original: 'never', compat: 'ResponseTimeoutError' },
  },
  {
    title: 'a call after the close of a follower',
    run: async world => {
      const [, follower] = await world.pair({ responseTimeout: 60_000 });
      await world.cluster.close(follower);
      const end = (await endOf(follower.echo(1), 200)) as Any;
      return end.name ?? end;
    },
    differs: { name: 'after close', original: 'never', compat: 'ClusterSocketCloseError' },
  },
  {
    title: 'a call after the close of the leader',
    run: async world => {
      const [leader] = await world.pair();
      await world.cluster.close(leader);
      const end = (await endOf(leader.echo(1), 200)) as Any;
      return end.name ?? end;
    },
    differs: { name: 'after close', original: { value: 1 }, compat: 'ClusterSocketCloseError' },
  },
  {
    title: 'a method that neither calls back nor returns a promise, of a follower',
    run: async world => {
      const client = await oddFollower(world);
      const { name } = (await endOf(client.immediate())) as Any;
      return name;
    },
  },
  {
    title: 'a method that calls back twice, of a follower',
    run: async world => (await oddFollower(world)).twice(),
  },
  {
    title: 'a method that calls back and returns a promise, of a follower',
    run: async world => (await oddFollower(world)).both(),
  },
  {
    title: 'a generator method that is delegated oneway is waited for all the same',
    run: async world => {
      const client = await oddFollower(world);
      return co(function* () {
        return yield client.onward(1);
      });
    },
  },
  {
    title: 'what is told oneway gets undefined in place of a callback',
    run: async world => {
      const client = await oddFollower(world);
      client.told(1);
      await world.settle();
      return [...world.real.diary];
    },
  },
  {
    title: 'an error without a text, with a number for a code',
    run: ofBoth(client => endOf(client.refuse(Object.assign(new Error(''), { code: 7 })))),
  },
  {
    title: 'something thrown that is no error, in the leader',
    run: async world => endOf((await odd(world))[0].throwIt('thrown')),
  },
  {
    title: 'something thrown that is no error, in a follower',
    run: async world => {
      const { name, thrown } = (await endOf((await oddFollower(world)).throwIt('thrown'))) as Any;
      return name ?? thrown;
    },
    differs: { name: 'thrown values', original: 'ResponseTimeoutError', compat: 'thrown' },
  },
  {
    title: 'a promise that rejects with nothing',
    run: async world => {
      const end = (await endOf((await odd(world))[0].throwIt(undefined))) as Any;
      return end.name ?? end;
    },
    differs: { name: 'thrown values', original: { value: undefined }, compat: 'NonError' },
  },
  {
    title: 'a result that comes too late for a follower',
    run: async world => {
      const client = await oddFollower(world);
      const { name } = (await endOf(client.late())) as Any;
      // Too late by the leader's clock too, which began later.
      await sleep(50);
      (world.real as Any).answer();
      await world.settle();
      return [name, world.errors.map(error => error.name)];
    },
    differs: {
      name: 'errors told twice',
      original: ['ResponseTimeoutError', ['ClusterLeaderTimeoutError']],
      compat: ['ResponseTimeoutError', []],
    },
  },
  {
    title: 'a method that throws at once, with a callback, in the leader',
    run: ofLeader(async client => {
      try {
        return (await withCallback(done => client.throwing(done)))[0];
      } catch (error) {
        return ['thrown', (error as Error).message];
      }
    }),
    differs: { name: 'thrown at once', original: ['thrown', 'thrown at once'], compat: 'thrown at once' },
  },
  {
    title: 'values of JSON, Dates, Buffers, undefined and errors',
    run: ofFollower(async client => {
      const value = {
        list: [1, -2.5, true, null, '', 'a b+c|^%', { deep: {} }],
        date: new Date(1e12),
        bytes: Buffer.from('bytes'),
        none: undefined,
        huge: 2 ** 40,
      };
      const back = await client.echo(value);
      const error = await client.echo(Object.assign(new Error('sent'), { code: 'E' }));
      return [back, back.date instanceof Date, Buffer.isBuffer(back.bytes), error instanceof Error, error.code];
    }),
  },
  {
    title: 'functions, symbols and instances of classes, of a follower',
    run: ofFollower(client => client.echo({ point: new Point(), call() {}, list: [() => {}, Symbol('s')] })),
  },
  {
    title: 'Maps, Sets, BigInts, RegExps and cycles, of a follower',
    run: ofFollower(async client => {
      const { map, set, big, text } = await client.echo({
        map: new Map([[1, 2]]),
        set: new Set([1]),
        big: 3n,
        text: /a/,
      });
      return [map instanceof Map, set instanceof Set, typeof big, text instanceof RegExp];
    }),
    differs: { name: 'values', original: [false, false, 'object', false], compat: [true, true, 'bigint', true] },
  },
  {
    title: 'an argument of the leader is the very object',
    run: ofLeader(async client => {
      const sent = { a: 1 };
      return (await client.echo(sent)) === sent;
    }),
    differs: { name: 'copies', original: true, compat: false },
  },
  {
    title: 'a transcode of its own, for arguments, results and values',
    run: async world => {
      const seen: string[] = [];
      const transcode = {
        encode: (value: unknown) => Buffer.from(JSON.stringify({ value })),
        decode: (bytes: Buffer) => {
          seen.push(Buffer.isBuffer(bytes) ? 'bytes' : typeof bytes);
          return JSON.parse(bytes.toString()).value;
        },
      };
      const [, follower] = await world.pair({ transcode });
      const back = await follower.echo({ a: [1] });
      const value = new Promise(resolve => follower.subscribe('t', resolve));
      await world.settle();
      world.real.push('t', { pushed: true });
      return [back, await value, new Set(seen).size, seen[0]];
    },
  },
];
