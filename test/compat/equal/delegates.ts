// What is delegated, and to what.

import { createRequire } from 'node:module';
import type { Case } from './case.js';
import { type Any, co, thrownBy } from './world.js';

const require = createRequire(import.meta.url);
const { mm } = require('mm');
const sinon = require('sinon');

const NAMES = ['subscribe', 'unSubscribe', 'publish', 'close', 'echo', 'generate', 'sync', '_hidden', 'push', 'note'];

const own = (client: object) => NAMES.filter(name => Object.hasOwn(client, name));

export const DELEGATES: readonly Case[] = [
  {
    title: 'without a word, the four names, async methods and generator methods are delegated',
    run: world => own(world.keep(world.generator().create())),
  },
  {
    title: 'with autoGenerate: false nothing is',
    run: world => own(world.keep(world.generator(world.Real, { autoGenerate: false }).delegate('note').create())),
  },
  {
    title: 'a symbol is never delegated',
    run: world => Object.getOwnPropertySymbols(world.make()).includes(Symbol.for('symbol')),
  },
  {
    title: 'inherited async methods are not delegated without a word, the four names are',
    run: world => own(world.keep(world.generator(class extends world.Real {}).create())),
  },
  {
    title: 'to delegate what is not there throws',
    run: world => thrownBy(() => world.generator().delegate('nothing').create()),
  },
  {
    title: 'so does it oneway',
    run: world => thrownBy(() => world.generator().delegate('nothing', 'invokeOneway').create()),
  },
  {
    title: 'an accessor is no method',
    run: world =>
      thrownBy(() =>
        world
          .generator(
            class extends world.Real {
              get accessor() {
                return 1;
              }
            },
          )
          .delegate('accessor')
          .create(),
      ),
  },
  {
    title: 'delegate and override can be chained',
    run: world => {
      const generator = world.generator();
      return [generator.delegate('note') === generator, generator.override('x', 1) === generator];
    },
  },
  {
    title: 'override defines a property',
    run: world => world.keep(world.generator().override('colour', 'red').create()).colour,
  },
  {
    title: 'override wins over what goes without a word',
    run: world => world.keep(world.generator().override('echo', 'mine').create()).echo,
  },
  {
    title: 'the last word on a name counts',
    run: world => world.keep(world.generator().delegate('echo').override('echo', 2).create()).echo,
  },
  {
    title: 'a private method that is delegated by name can be called',
    run: async world => {
      const client = world.keep(world.generator().delegate('_hidden').create());
      return (await client._hidden()) ?? 'nothing';
    },
  },
  {
    title: 'a method of another name subscribes',
    run: async world => {
      class Watching extends world.Real {
        watch(reg: unknown, listener: Any) {
          this.diary.push('watch');
          listener(reg);
        }
      }
      const client = world.keep(world.generator(Watching).delegate('watch', 'subscribe').create());
      const value = await new Promise(resolve => client.watch('a', resolve));
      return [value, [...world.real.diary]];
    },
  },
  {
    title: 'methods are plain properties',
    run: world => {
      const { value: _value, ...rest } = Object.getOwnPropertyDescriptor(world.make(), 'echo')!;
      return rest;
    },
  },
  {
    title: 'a method can be replaced by an assignment',
    run: async world => {
      const client = world.make();
      client.echo = async () => 'assigned';
      return client.echo();
    },
  },
  {
    title: 'a method can be replaced by mm, and restored',
    run: async world => {
      const [, client] = await world.pair();
      mm(client, 'echo', async () => 'mocked');
      const mocked = await client.echo('real');
      mm.restore();
      return [mocked, await client.echo('real')];
    },
  },
  {
    title: 'a generator method can be replaced by mm.data',
    run: async world => {
      const [, client] = await world.pair();
      mm.data(client, 'generate', 'mocked');
      const mocked = await co(function* () {
        return yield client.generate(1);
      });
      mm.restore();
      return mocked;
    },
  },
  {
    title: 'a method can be replaced by sinon, and restored',
    run: async world => {
      const [, client] = await world.pair();
      const stub = sinon.stub(client, 'echo').resolves('stubbed');
      const stubbed = await client.echo('real');
      stub.restore();
      return [stubbed, await client.echo('real')];
    },
  },
  {
    title: 'subscribe can be replaced',
    run: world => {
      const client = world.make();
      client.subscribe = (reg: unknown) => reg;
      return client.subscribe('replaced');
    },
  },
  {
    title: 'a delegated generator method is a generator function, another is not',
    run: world => {
      const client = world.make();
      const kindOf = (method: object) => [method.constructor.name, Object.prototype.toString.call(method)];
      return [kindOf(client.generate), kindOf(client.echo)[0] === 'GeneratorFunction'];
    },
  },
  {
    title: 'options and their defaults can be read',
    run: world => {
      const { name, responseTimeout, maxWaitTime, isBroadcast, singleMode, autoGenerate } = world.make().options;
      return { name, responseTimeout, maxWaitTime, isBroadcast, singleMode, autoGenerate };
    },
  },
  {
    title: 'what is delegated to something that is none is told',
    run: world => thrownBy(() => world.keep(world.generator().delegate('note', 'invoice').create())).slice(0, 20),
    differs: { name: 'unknown delegates', original: 'nothing', compat: 'delegate("note", to)' },
  },
];
