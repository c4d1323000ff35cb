import test from 'ava';
import { closeOnSignals, type SignalSource } from '../../lib/utils/close-on-signals.js';
import { type Deferred, defer } from '../../lib/utils/deferred.js';
import { microtasks } from '../helpers/unit-clock.js';

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
  readonly gone = this.#gone.promise;
  closes = 0;

  close(): Promise<void> {
    this.closes++;
    return this.gone;
  }

  async left(): Promise<void> {
    this.#gone.resolve();
    await microtasks();
  }
}

test('a signal closes, and then does what it would have done', async t => {
  const [source, member] = [new FakeProcess(), new FakeMember()];
  closeOnSignals(source, ['SIGTERM', 'SIGINT'], member);
  source.receive('SIGTERM');
  await microtasks();
  t.is(member.closes, 1);
  t.deepEqual(source.raised, []);
  await member.left();
  t.deepEqual(source.raised, ['SIGTERM']);
  t.deepEqual(source.listeners('SIGINT'), []);
});

test('where the app listens the signal is its own, also if it listened once', async t => {
  const [source, member] = [new FakeProcess(), new FakeMember()];
  const once = () => source.off('SIGTERM', once);
  source.prepend('SIGTERM', once);
  closeOnSignals(source, ['SIGTERM'], member);
  source.receive('SIGTERM');
  await member.left();
  t.is(member.closes, 1);
  t.deepEqual(source.listeners('SIGTERM'), []);
  t.deepEqual(source.raised, []);
});

test('of several clients the last that is closed raises the signal', async t => {
  const source = new FakeProcess();
  const members = [new FakeMember(), new FakeMember()];
  for (const member of members) closeOnSignals(source, ['SIGTERM'], member);
  source.receive('SIGTERM');
  await members[0]!.left();
  t.deepEqual(source.raised, []);
  await members[1]!.left();
  t.deepEqual(source.raised, ['SIGTERM']);
});

test('a member that has gone by itself listens no more', async t => {
  const [source, member] = [new FakeProcess(), new FakeMember()];
  closeOnSignals(source, ['SIGTERM'], member);
  await member.left();
  t.deepEqual(source.listeners('SIGTERM'), []);
  source.receive('SIGTERM');
  t.is(member.closes, 0);
});
