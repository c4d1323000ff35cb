import test from 'ava';
import { type Deferred, defer } from '../../lib/utils/deferred.js';
import { resignOnSignals, type SignalSource, signalsOf } from '../../lib/utils/resign-on-signals.js';
import { microtasks } from '../helpers/clocks/unit-clock.js';

/** `process`, and whatever else listens to it. */
class FakeProcess implements SignalSource {
  readonly #listeners = new Map<string, (() => void)[]>();
  readonly raised: string[] = [];

  prepend(signal: string, listener: () => void): void {
    this.#listeners.set(signal, [listener, ...this.listeners(signal)]);
  }

  off(signal: string, listener: () => void): void {
    this.#listeners.set(
      signal,
      this.listeners(signal).filter(other => other !== listener),
    );
  }

  listeners(signal: string): (() => void)[] {
    return this.#listeners.get(signal) ?? [];
  }

  raise(signal: string): void {
    this.raised.push(signal);
  }

  receive(signal: string): void {
    for (const listener of this.listeners(signal)) listener();
  }
}

class FakeMember {
  readonly #gone: Deferred<void> = defer();
  readonly #aside: Deferred<void> = defer();
  readonly gone = this.#gone.promise;
  /** What it was told when it was to step aside. */
  readonly lives: boolean[] = [];

  stepAside(lives: boolean): Promise<void> {
    this.lives.push(lives);
    return this.#aside.promise;
  }

  async isAside(): Promise<void> {
    this.#aside.resolve();
    await microtasks();
  }

  async left(): Promise<void> {
    this.#gone.resolve();
    await microtasks();
  }
}

test('on a signal it steps aside, and then the signal does what it would have done', async t => {
  const [source, member] = [new FakeProcess(), new FakeMember()];
  resignOnSignals(source, ['SIGTERM', 'SIGINT'], member);
  source.receive('SIGTERM');
  await microtasks();
  t.deepEqual(member.lives, [false]);
  t.deepEqual(source.raised, []);
  await member.isAside();
  t.deepEqual(source.raised, ['SIGTERM']);
  t.deepEqual(source.listeners('SIGTERM'), []);
});

test('where the app listens the signal is its own, also if it listened once', async t => {
  const [source, member] = [new FakeProcess(), new FakeMember()];
  const once = () => source.off('SIGTERM', once);
  source.prepend('SIGTERM', once);
  resignOnSignals(source, ['SIGTERM'], member);
  source.receive('SIGTERM');
  await member.isAside();
  t.deepEqual(member.lives, [true]);
  t.deepEqual(source.raised, []);
  // The next one does what it would have done.
  source.receive('SIGTERM');
  await microtasks();
  t.deepEqual(source.raised, ['SIGTERM']);
});

test('one listener serves all that resign on a signal, which is raised once the last has stepped aside', async t => {
  const source = new FakeProcess();
  const members = Array.from({ length: 20 }, () => new FakeMember());
  for (const member of members) resignOnSignals(source, ['SIGTERM'], member);
  t.is(source.listeners('SIGTERM').length, 1);
  source.receive('SIGTERM');
  for (const member of members) {
    t.deepEqual(source.raised, []);
    await member.isAside();
  }
  t.deepEqual(source.raised, ['SIGTERM']);
});

test('it is listened to until the last of them has gone', async t => {
  const source = new FakeProcess();
  const members = [new FakeMember(), new FakeMember()];
  for (const member of members) resignOnSignals(source, ['SIGTERM'], member);
  await members[0]!.left();
  t.is(source.listeners('SIGTERM').length, 1);
  await members[1]!.left();
  t.is(source.listeners('SIGTERM').length, 0);
  source.receive('SIGTERM');
  t.deepEqual(members[1]!.lives, []);
  const later = new FakeMember();
  resignOnSignals(source, ['SIGTERM'], later);
  t.is(source.listeners('SIGTERM').length, 1);
});

test('what is made after the signal, while the app still lives, leads nothing either', async t => {
  const source = new FakeProcess();
  source.prepend('SIGTERM', () => {});
  const [first, later] = [new FakeMember(), new FakeMember()];
  resignOnSignals(source, ['SIGTERM'], first);
  source.receive('SIGTERM');
  resignOnSignals(source, ['SIGTERM'], later);
  t.deepEqual(later.lives, [true]);
});

test('in the first process of a container the signal ends it, which the kernel would not do', t => {
  const done: unknown[][] = [];
  const of = (pid: number) =>
    signalsOf(
      {
        pid,
        prependListener: (...args) => done.push(['prepend', args[0]]),
        off: (...args) => done.push(['off', args[0]]),
        listeners: () => [],
        kill: (...args) => done.push(['kill', ...args]),
        exit: code => done.push(['exit', code]),
      },
      { SIGTERM: 15, SIGWINCH: 28 },
    );
  const source = of(1);
  source.prepend('SIGTERM', () => {});
  source.off('SIGTERM', () => {});
  t.deepEqual(source.listeners('SIGTERM'), []);
  source.raise('SIGTERM');
  source.raise('SIGWINCH');
  of(7).raise('SIGTERM');
  t.deepEqual(done, [
    ['prepend', 'SIGTERM'],
    ['off', 'SIGTERM'],
    ['exit', 143],
    ['kill', 1, 'SIGWINCH'],
    ['kill', 7, 'SIGTERM'],
  ]);
});
