import test from 'ava';
import { termOf } from '../../lib/group/queries.js';
import { EMPTY_LOG } from '../../lib/pm2/read-log.js';
import { loseConnection, newView, reduceView, type Seen, type View, type ViewOrder } from '../../lib/pm2/view.js';
import type { State } from '../../lib/protocol/bus-frames.js';
import type { LogState } from '../../lib/protocol/log-state.js';
import type { ControlFrame } from '../../lib/protocol/messages.js';
import { claim, join, Log, ready, resign, T0, transfer } from '../helpers/pm2/log.js';

const ask = (n: number, process = '1'): ControlFrame => ({ k: 'ask', n, process });
const found = (n: number): ControlFrame => ({ k: 'bootstrap', n });

/** Several workers, each with its view, that read one log; what they are told to do is kept. */
class Room {
  readonly views = new Map<string, View>();
  readonly orders = new Map<string, ViewOrder[]>();
  readonly #log = new Log();

  constructor(...ids: string[]) {
    for (const id of ids) this.connect(id);
  }

  connect(id: string): void {
    this.views.set(id, newView(id));
    this.orders.set(id, []);
  }

  send(id: string, ...frames: ControlFrame[]): this {
    const y = this.views.get(id)?.log ? 1 : 0;
    return this.see({ type: 'packet', packet: this.#log.packet(id, frames, y), at: ++this.#log.at });
  }

  see(seen: Seen): this {
    for (const [id, view] of this.views) {
      const step = reduceView(view, seen);
      this.views.set(id, step.view);
      this.orders.get(id)!.push(...step.orders);
    }
    return this;
  }

  /** `id` enters, once it knows the state. */
  enter(id: string): this {
    const workerId = id.charCodeAt(0) - 96;
    const process = String(workerId);
    return this.send(id, { k: 'enter', process, workerId, pid: 1, heartbeatMs: 500, leaderTimeoutMs: 3000 });
  }

  log(id: string): LogState | undefined {
    return this.views.get(id)!.log;
  }

  /** What `id` was told to do since this was asked last. */
  takeOrders(id: string): string[] {
    return this.orders
      .get(id)!
      .splice(0)
      .map(order => order.do);
  }

  answers(id: string): State[] {
    return this.orders.get(id)!.flatMap(order => (order.do === 'answer' ? [order.answer] : []));
  }
}

/** a knows the state. */
function roomOfA(...others: string[]): Room {
  const room = new Room('a', ...others).send('a', ask(1)).send('a', found(1)).enter('a');
  for (const id of ['a', ...others]) room.takeOrders(id);
  return room;
}

test('nothing is kept before the own question was read', t => {
  const room = new Room('a', 'b').send('b', ask(1)).send('b', join());
  t.deepEqual(room.views.get('a')!.kept, []);
  t.deepEqual(room.takeOrders('a'), []);
  room.send('a', ask(1)).send('b', join());
  t.is(room.views.get('a')!.kept.length, 1);
});

test('who has no state says so to whoever asks, and remembers who has none', t => {
  const room = new Room('a', 'b').send('a', ask(1, '1')).send('b', ask(1, '2'));
  t.deepEqual(room.takeOrders('a'), ['note own', 'answer none']);
  room.send('a', { k: 'none', process: '1' });
  t.deepEqual(room.views.get('b')!.without, ['1']);
  t.deepEqual(room.views.get('a')!.without, ['2', '1']);
});

test('a state begins empty where nobody has one', t => {
  const room = new Room('a').send('a', ask(1)).send('a', found(1));
  t.deepEqual(room.takeOrders('a'), ['note own', 'note own', 'note sign of life', 'begin']);
  t.deepEqual(room.log('a'), { ...EMPTY_LOG, life: 'a' });
});

test('a founding counts only for the last question', t => {
  const room = new Room('a').send('a', ask(1)).send('a', ask(2)).send('a', found(1));
  t.is(room.log('a'), undefined);
  room.send('a', ask(3)).send('a', found(3));
  t.deepEqual(room.log('a'), { ...EMPTY_LOG, life: 'a' });
});

test('of two foundings the first counts, and the other founder asks again', t => {
  const room = new Room('a', 'b').send('a', ask(1)).send('b', ask(1)).send('b', found(1)).send('a', found(1));
  t.deepEqual(room.log('b'), { ...EMPTY_LOG, life: 'b' });
  t.is(room.log('a'), undefined);
  t.true(room.takeOrders('a').includes('ask'));
  t.false(room.takeOrders('b').includes('lose'));
});

test('a founding after a sign of life counts for nobody', t => {
  const room = roomOfA('b').send('b', ask(1)).send('a', { k: 'heartbeat', n: 1 }).send('b', found(1));
  t.is(room.log('b'), undefined);
  t.truthy(room.log('a'));
});

test('a founding counts for who has a state too, if it said nothing since the question', t => {
  const room = roomOfA('b').send('b', ask(1)).send('b', found(1));
  t.deepEqual(room.log('b'), { ...EMPTY_LOG, life: 'b' });
  t.is(room.log('a'), undefined);
  t.deepEqual(room.takeOrders('a').slice(-2), ['lose', 'ask']);
});

test('a new worker takes the state as it was when its question was read, and applies what came since', t => {
  const room = roomOfA('b').send('b', ask(7, '2'));
  const [answer] = room.answers('a');
  t.is(answer!.n, 7);
  room.send('a', join()).send('a', claim(0));
  room.see({ type: 'exit', process: '9', at: T0 });
  t.is(room.log('b'), undefined);
  room.see({ type: 'answer', answer: answer! });
  t.deepEqual(room.log('b'), room.log('a'));
  t.is(room.takeOrders('b').at(-1), 'begin');
  room.see({ type: 'answer', answer: answer! });
  t.deepEqual(room.takeOrders('b'), []);
});

test('an answer to an older question is only a sign of life, and one to others is nothing', t => {
  const room = roomOfA('b', 'c').send('b', ask(1, '2'));
  const [answer] = room.answers('a');
  room.send('b', ask(2, '2'));
  room.takeOrders('b');
  room.see({ type: 'answer', answer: answer! });
  t.deepEqual(room.takeOrders('b'), ['note sign of life']);
  t.deepEqual(room.takeOrders('c').includes('begin'), false);
  t.is(room.log('b'), undefined);
});

test('an answer from a state that another one replaced since is none', t => {
  const room = roomOfA('b', 'c').send('b', ask(1, '2'));
  const [answer] = room.answers('a');
  room.send('c', ask(1, '3')).send('c', found(1));
  room.takeOrders('b');
  room.see({ type: 'answer', answer: answer! });
  t.is(room.log('b'), undefined);
  t.deepEqual(room.takeOrders('b'), ['ask']);
});

test('one of those who know answers each question, and the next one another', t => {
  const room = roomOfA('b', 'c').send('b', ask(1, '2'));
  room.see({ type: 'answer', answer: room.answers('a')[0]! }).enter('b');
  for (const id of ['a', 'b']) room.takeOrders(id);
  for (const n of [1, 2, 3, 4]) room.send('c', ask(n, '3'));
  t.deepEqual(
    room.answers('a').map(({ n }) => n),
    [2, 4],
  );
  t.deepEqual(
    room.answers('b').map(({ n }) => n),
    [1, 3],
  );
});

test('where nobody has entered yet, the founder answers', t => {
  const room = new Room('a', 'b').send('a', ask(1)).send('a', found(1)).send('b', ask(1, '2'));
  t.is(room.answers('a').length, 1);
});

test('a packet without a word is a sign of life all the same', t => {
  const room = roomOfA('b').send('b', ask(1));
  room.see({ type: 'packet', packet: { $csc: 1, i: 'a', n: 99, y: 1 }, at: T0 });
  t.deepEqual(room.views.get('a')!.quiet, {});
  t.is(room.log('a')!.peers.a!.seen, 99);
});

test('who said that it has no state may have one once somebody spoke who has', t => {
  const room = roomOfA('b').send('b', ask(1, '2')).send('b', { k: 'none', process: '3' });
  t.deepEqual(room.views.get('b')!.without, ['3']);
  t.deepEqual(room.send('a', { k: 'heartbeat', n: 1 }).views.get('b')!.without, []);
});

test('what came before the last question is in its answer, and not read twice', t => {
  const room = roomOfA('b').send('b', ask(1, '2')).enter('c').send('a', join()).send('c', join()).send('a', claim(0));
  const term = () => termOf(room.log('a')!.groups.g!);
  room.send('a', ready(term())).send('a', transfer()).send('a', resign(term()));
  room.send('c', claim(term())).send('c', ready(term()));
  room.send('b', ask(2, '2')).send('c', { k: 'heartbeat', n: 1 });
  const answer = room.answers('a').find(({ n }) => n === 2);
  room.see({ type: 'answer', answer: answer! });
  t.deepEqual(room.log('b'), room.log('a'));
  t.is(room.views.get('b')!.kept.length, 0);
});

test('a founder that was told of a state meanwhile keeps it, and those who read of its founding ask', t => {
  const room = roomOfA('b').send('b', ask(1, '2'));
  const [answer] = room.answers('a');
  room.see({ type: 'answer', answer: answer! });
  const known = room.log('b');
  room.takeOrders('a');
  room.see({ type: 'packet', packet: { $csc: 1, i: 'b', n: 50, y: 0, c: [found(1)] }, at: T0 });
  t.deepEqual(room.log('b'), known);
  t.deepEqual(room.takeOrders('a').slice(-2), ['lose', 'ask']);
});

test('an answer is for one alone, and who has it judges foundings as who gave it', t => {
  const room = roomOfA('b', 'c').send('c', ask(1, '3')).send('b', ask(1, '2'));
  const [, answer] = room.answers('a');
  room.see({ type: 'answer', answer: answer! });
  t.truthy(room.log('b'));
  t.is(room.log('c'), undefined);
  room.send('c', found(1));
  t.deepEqual([room.log('a'), room.log('b'), room.log('c')], [undefined, undefined, { ...EMPTY_LOG, life: 'c' }]);
});

test('a broken connection leaves nothing but who one is', t => {
  const room = roomOfA();
  t.deepEqual(loseConnection(room.views.get('a')!), newView('a'));
});

test('an own question read while the state is known changes nothing', t => {
  const room = roomOfA().send('a', ask(2));
  t.is(room.views.get('a')!.asked, undefined);
  t.truthy(room.log('a'));
});
