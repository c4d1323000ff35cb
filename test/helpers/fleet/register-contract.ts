// What every register must do, whatever the engine. Run over each of them.

import test, { type ExecutionContext } from 'ava';
import type { Engine, Reading, Wire, WireHandlers } from '../../../lib/fleet/engine.js';
import { defer } from '../../../lib/utils/deferred.js';

/** The engine for a fleet of this name; undefined if its server is missing, which has been reported. */
export type MakeEngine = (t: ExecutionContext, fleet: string) => Promise<Engine | undefined>;

let fleets = 0;

/** A name that no other test uses, also not an earlier run on the same server. */
export const newFleetName = (): string => `test-${process.pid}-${Date.now()}-${++fleets}`;

export class Heard implements WireHandlers {
  readonly events: string[] = [];
  readonly warnings: string[] = [];
  #changed = defer();

  down = (): void => this.#note('down');
  up = (): void => this.#note('up');
  lost = (): void => this.#note('lost');

  warn = (text: string): void => {
    this.warnings.push(text);
    this.#note('warning');
  };

  /** Resolves when something was heard this often. */
  async until(event: string, count = 1): Promise<void> {
    while (this.events.filter(other => other === event).length < count) await this.#changed.promise;
  }

  #note(event: string): void {
    this.events.push(event);
    this.#changed.resolve();
    this.#changed = defer();
  }
}

export function registerContract(name: string, make: MakeEngine): void {
  const contract = (title: string, body: (t: ExecutionContext, open: () => Promise<Wire>) => Promise<void>) => {
    test(`${name}: ${title}`, async t => {
      const engine = await make(t, newFleetName());
      if (!engine) return;
      const wires: Wire[] = [];
      const open = async () => {
        const wire = await engine.connect(new Heard());
        wires.push(wire);
        return wire;
      };
      try {
        await body(t, open);
      } finally {
        await Promise.all(wires.map(wire => wire.close()));
      }
    });
  };

  contract('a record that was never written has revision 0', async (t, open) => {
    const { register } = await open();
    t.deepEqual(await register.read('never'), { revision: 0, text: undefined });
  });

  contract('a written record is read by everyone, with its revision', async (t, open) => {
    const [one, other] = [await open(), await open()];
    const first = await one.register.write('key', 'text', 0);
    t.true(typeof first === 'number' && first > 0);
    t.deepEqual(await other.register.read('key'), { revision: first, text: 'text' });
    const second = await other.register.write('key', 'ünïcode \u{1f600} \n"', first as number);
    t.true((second as number) > (first as number));
    t.deepEqual(await one.register.read('key'), { revision: second, text: 'ünïcode \u{1f600} \n"' });
  });

  contract('a write with another revision changes nothing', async (t, open) => {
    const { register } = await open();
    const first = (await register.write('key', 'one', 0)) as number;
    t.is(await register.write('key', 'two', 0), 'conflict');
    t.is(await register.write('key', 'two', first + 1), 'conflict');
    const second = (await register.write('key', 'two', first)) as number;
    t.is(await register.write('key', 'three', first), 'conflict');
    t.deepEqual(await register.read('key'), { revision: second, text: 'two' });
    t.is(await register.write('absent', 'one', 7), 'conflict');
    t.deepEqual(await register.read('absent'), { revision: 0, text: undefined });
  });

  contract('of many claims with one revision one wins', async (t, open) => {
    const wires = await Promise.all(Array.from({ length: 6 }, open));
    for (let expected = 0, round = 0; round < 5; round++) {
      const all = await Promise.all(
        Array.from({ length: 60 }, (_, i) => wires[i % wires.length]!.register.write('key', `${round} ${i}`, expected)),
      );
      const won = all.filter(result => result !== 'conflict');
      t.is(won.length, 1);
      const { revision, text } = await wires[0]!.register.read('key');
      t.is(revision, won[0] as number);
      t.is(text, `${round} ${all.indexOf(won[0]!)}`);
      expected = revision;
    }
  });

  contract('keys of any letters, and large records', async (t, open) => {
    const { register } = await open();
    const keys = ['A-z_0', 'x'.repeat(64), `h_${'-'.repeat(43)}`];
    for (const key of keys) t.is(typeof (await register.write(key, key.repeat(600), 0)), 'number');
    for (const key of keys) t.is((await register.read(key)).text, key.repeat(600));
  });

  contract('what is announced is heard by others, if the engine announces', async (t, open) => {
    const [one, other] = [await open(), await open()];
    t.is(one.announces, other.announces);
    const heard: Reading[] = [];
    const two = defer();
    const stop = other.listen('key', reading => heard.push(reading) === 2 && two.resolve());
    other.listen('second', () => t.fail());
    // What listens is known to the server once it has answered something later.
    await other.register.read('key');
    one.announce('key', { revision: 3, text: 'three' });
    one.announce('key', { revision: 4, text: 'four' });
    if (one.announces) await two.promise;
    stop();
    one.announce('key', { revision: 5, text: 'five' });
    await one.register.read('key');
    await other.register.read('key');
    const expected = [
      { revision: 3, text: 'three' },
      { revision: 4, text: 'four' },
    ];
    t.deepEqual(heard, one.announces ? expected : []);
  });

  contract('close() may be called twice, and nothing is announced after it', async (t, open) => {
    const wire = await open();
    await wire.close();
    await wire.close();
    wire.announce('key', { revision: 1, text: '' });
    await t.throwsAsync(wire.register.read('key'));
    await t.throwsAsync(wire.register.write('key', '', 0));
  });
}
