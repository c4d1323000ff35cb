import test from 'ava';
import { ReadyEmitter } from '../../lib/compat/ready-emitter.js';

class Unheard extends ReadyEmitter {
  readonly received: unknown[] = [];
  protected override unhandled(error: unknown): void {
    this.received.push(error);
  }
}

test('it is ready once it says so, whoever asked and whoever asks later', async t => {
  const emitter = new ReadyEmitter({ ...{ a: 1 }, localStorage: 'storage' });
  t.false(emitter.isReady);
  t.deepEqual([emitter.options.a, emitter.localStorage], [1, 'storage']);
  const early = emitter.ready();
  emitter.ready(true);
  await early;
  t.true(emitter.isReady);
  t.is(await new Promise(resolve => emitter.ready(resolve)), null);
  emitter.ready(false);
  t.false(emitter.isReady);
});

test('who waits is told why it can not be', async t => {
  const emitter = new Unheard();
  const early = emitter.ready();
  const error = new Error('broken');
  emitter.ready(error);
  t.is(await t.throwsAsync(early), error);
  t.is(await t.throwsAsync(emitter.ready()), error);
  t.is(await new Promise(resolve => emitter.ready(resolve)), error);
  t.deepEqual(emitter.received, []);
});

test('an error that nobody waits for is emitted, and kills nothing where nobody listens', t => {
  const error = new Error('broken');
  const received: unknown[] = [];
  const listening = new ReadyEmitter().on('error', given => received.push(given));
  listening.ready(error);
  const alone = new Unheard();
  alone.ready(error);
  t.notThrows(() => new ReadyEmitter().ready(error));
  t.deepEqual([received, alone.received], [[error], [error]]);
});

test('to wait can have a limit', async t => {
  await t.throwsAsync(new ReadyEmitter().readyOrTimeout(1), { code: 'ERR_TIMEOUT', message: /1 ms/ });
  const emitter = new ReadyEmitter();
  const waiting = emitter.readyOrTimeout(60_000);
  emitter.ready(true);
  await waiting;
  const broken = new ReadyEmitter();
  const rejected = t.throwsAsync(broken.readyOrTimeout(60_000), { message: 'broken' });
  broken.ready(new Error('broken'));
  await rejected;
});

test('an event can be awaited, or the first of several', async t => {
  const emitter = new ReadyEmitter();
  const one = emitter.await('one');
  emitter.emit('one', 1, 2);
  t.is(await one, 1);
  const failed = t.throwsAsync(emitter.await('error'), { message: 'emitted' });
  emitter.emit('error', new Error('emitted'));
  await failed;
  const first = emitter.awaitFirst(['a', 'b']);
  emitter.emit('b', 3, 4);
  t.deepEqual(await first, { event: 'b', args: [3, 4] });
  const firstError = t.throwsAsync(emitter.awaitFirst(['a', 'error']), { message: 'first' });
  emitter.emit('error', new Error('first'));
  await firstError;
  t.deepEqual(emitter.eventNames(), []);
});

test('initMethod is run before it is ready, async or as a generator', async t => {
  class Starting extends ReadyEmitter {
    readonly steps: unknown[] = [];
    async start() {
      this.steps.push('async');
    }
    *generate(): Generator {
      this.steps.push(yield Promise.resolve('generator'));
    }
    async fail() {
      throw new Error('no start');
    }
  }
  for (const [initMethod, step] of [
    ['start', 'async'],
    ['generate', 'generator'],
  ] as const) {
    const emitter = new Starting({ initMethod });
    await emitter.ready();
    t.deepEqual(emitter.steps, [step]);
  }
  await t.throwsAsync(new Starting({ initMethod: 'fail' }).ready(), { message: 'no start' });
  t.throws(() => new Starting({ initMethod: 'nothing' }), { code: 'ERR_INVALID_OPTION', message: /initMethod/ });
});
