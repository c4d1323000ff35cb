import test from 'ava';
import { createEmitter } from '../../lib/utils/emitter.js';

function setUp(options?: { wildcard?: boolean }) {
  const thrown: unknown[] = [];
  const received: string[] = [];
  const emitter = createEmitter(error => thrown.push(error), options);
  const listener =
    (name: string) =>
    (...args: unknown[]) =>
      void received.push(`${name} ${args.join()}`);
  return { emitter, received, thrown, listener };
}

test('listeners are called in order with what was emitted, until they are taken off', t => {
  const { emitter, received, listener } = setUp();
  const [a, b] = [listener('a'), listener('b')];
  emitter.on('up', a);
  emitter.on('up', b);
  emitter.emit('up', 1, 2);
  emitter.off('up', a);
  emitter.emit('up', 3);
  emitter.emit('down');
  t.deepEqual(received, ['a 1,2', 'b 1,2', 'b 3']);
});

test('several that listen once hear the first, each of them, and no more', t => {
  const { emitter, received, listener } = setUp();
  emitter.once('up', listener('a'));
  emitter.once('up', listener('b'));
  emitter.on('up', listener('c'));
  emitter.emit('up', 1);
  emitter.emit('up', 2);
  t.deepEqual(received, ['a 1', 'b 1', 'c 1', 'c 2']);
});

test('a listener that throws hurts no other', t => {
  const { emitter, received, thrown, listener } = setUp();
  emitter.on('up', () => {
    throw new Error('no');
  });
  emitter.on('up', listener('b'));
  emitter.emit('up');
  t.deepEqual(received, ['b ']);
  t.like(thrown[0], { message: 'no' });
});

test('an error that nobody listens to is no matter', t => {
  const { emitter, thrown } = setUp();
  t.notThrows(() => emitter.emit('error', new Error('alone')));
  t.deepEqual(thrown, []);
});

test('wildcards work where they were asked for, and are names elsewhere', t => {
  const wild = setUp({ wildcard: true });
  wild.emitter.on('user.*', wild.listener('one'));
  wild.emitter.on('**', wild.listener('all'));
  wild.emitter.emit('user.came', 1);
  wild.emitter.emit('other', 2);
  t.deepEqual(wild.received.sort(), ['all 1', 'all 2', 'one 1']);
  const tame = setUp();
  tame.emitter.on('user.*', tame.listener('one'));
  tame.emitter.emit('user.came', 1);
  t.deepEqual(tame.received, []);
});

test('a listener can ask which event it was', t => {
  const { emitter } = setUp({ wildcard: true });
  const seen: unknown[] = [];
  emitter.on('user.*', function (this: { event: string }) {
    seen.push(this.event);
  } as () => void);
  emitter.emit('user.came');
  t.deepEqual(seen, ['user.came']);
});

test('nobody listens once it is cleared', t => {
  const { emitter, received, listener } = setUp();
  emitter.on('up', listener('a'));
  emitter.clear();
  emitter.emit('up');
  t.deepEqual(received, []);
});

test('each listener can be given arguments of its own', t => {
  const { emitter } = setUp();
  const seen: unknown[] = [];
  emitter.on('up', (...args) => seen.push(...args));
  emitter.on('up', (...args) => seen.push(...args));
  emitter.emitCopies('up', () => [{ a: 1 }]);
  t.deepEqual(seen, [{ a: 1 }, { a: 1 }]);
  t.not(seen[0], seen[1]);
});

test('what listeners throw because of what one threw is not told again', t => {
  const thrown: unknown[] = [];
  const emitter = createEmitter(error => {
    thrown.push(error);
    emitter.emit('error', error);
  });
  emitter.on('error', () => {
    throw new Error('again');
  });
  emitter.on('up', () => {
    throw new Error('first');
  });
  emitter.emit('up');
  emitter.emit('up');
  t.deepEqual(
    thrown.map(error => (error as Error).message),
    ['first', 'first'],
  );
});
