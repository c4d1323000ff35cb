import test from 'ava';
import { encodeValue } from '../../lib/codec/encode-value.js';
import { MemberSubscription, type SubscriptionOwner, Subscriptions } from '../../lib/member/subscriptions.js';
import { EXT, Kind } from '../../lib/protocol/bundle.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { FakeRoute, frame } from '../helpers/unit/route.js';

/** Writes down what becomes of one subscription. */
class FakeOwner implements SubscriptionOwner {
  readonly received: string[] = [];
  readonly values: unknown[] = [];
  onValue = () => {};

  constructor(readonly handle: object = {}) {}

  ready(): void {
    this.received.push('ready');
  }

  refused(error: Error): void {
    this.received.push(`refused ${error.message}`);
  }

  failed(error: Error): void {
    this.received.push(`failed ${error.message}`);
  }

  value(value: unknown, { term, replayed }: { term: number; replayed: boolean }): void {
    this.values.push(value);
    this.received.push(`value ${JSON.stringify(value)} ${term}${replayed ? ' replayed' : ''}`);
    this.onValue();
  }

  resync({ key, fromTerm, toTerm, reason }: Parameters<SubscriptionOwner['resync']>[0]): void {
    this.received.push(`resync ${key} ${fromTerm} ${toTerm} ${reason}`);
  }
}

function setUp(term = 5) {
  const clock = new UnitClock();
  const subscriptions = new Subscriptions({ clock, maxLeadersLost: 2, costly() {} });
  const route = new FakeRoute(term);
  const make = (topic: unknown, { delivery = 'all' as 'all' | 'one', owner = new FakeOwner() } = {}) => {
    const payload = encodeValue(topic, 'topic');
    const subscription = new MemberSubscription(JSON.stringify(topic), topic, payload, delivery, owner);
    subscriptions.add(subscription);
    return { subscription, owner, id: subscription.id };
  };
  const receive = (kind: number, id: number, value?: unknown, of = term) =>
    subscriptions.receive(frame(kind, id, value), of);
  return { clock, subscriptions, route, make, receive };
}

test('of one whose last value was dropped it is told that values are missing', t => {
  const { subscriptions, route, make, receive } = setUp();
  const [a, b] = [make('a'), make('b')];
  subscriptions.open(route);
  for (const [i, { id }] of [a, b].entries()) receive(Kind.SUBSCRIBED, id, i + 1);
  receive(Kind.GAP, b.id, 1);
  receive(Kind.GAP, 99, 1);
  t.deepEqual(a.owner.received, ['ready']);
  t.deepEqual(b.owner.received, ['ready', 'resync "b" 5 5 overload']);
});

const NO_ERROR = [16, 'Error', 'Error', 'no', 'Error: no', {}];

test('without a leader subscriptions wait, and each leader is told all of them in the order made', t => {
  const { subscriptions, route, make } = setUp();
  const [a, b] = [make('a'), make({ b: 1 }, { delivery: 'one' })];
  t.is(subscriptions.size, 2);
  subscriptions.open(route);
  const sent = [`SUBSCRIBE ${a.id} ["all","a"]`, `SUBSCRIBE ${b.id} ["one",{"b":1}]`];
  t.deepEqual(route.sent(), sent);
  subscriptions.shut();
  const next = new FakeRoute(6);
  subscriptions.open(next);
  t.deepEqual(next.sent(), sent);
});

test('who was without a primary may have missed values within a term, and is told once a handle', t => {
  const { subscriptions, route, make, receive } = setUp();
  const owner = new FakeOwner();
  const [first, second] = [make('a', { owner }), make('a', { owner })];
  const other = make('a');
  subscriptions.open(route);
  receive(Kind.SUBSCRIBED, first.id, 1);
  subscriptions.interrupt();
  subscriptions.shut();
  subscriptions.open(route);
  for (const { id } of [first, second, other]) receive(Kind.SUBSCRIBED, id, 1);
  t.deepEqual(owner.received, ['ready', 'resync "a" 5 5 failover', 'ready']);
  t.deepEqual(other.owner.received, ['ready']);
  subscriptions.interrupt();
  for (const { id } of [first, second, other]) receive(Kind.SUBSCRIBED, id, 1);
  t.deepEqual(owner.received.slice(3), ['resync "a" 5 5 failover']);
  t.deepEqual(other.owner.received.slice(1), ['resync "a" 5 5 failover']);
});

test('with a leader a subscription and its end are told at once', t => {
  const { subscriptions, route, make } = setUp();
  subscriptions.open(route);
  const { subscription, id } = make(undefined);
  t.deepEqual(route.sent(), [`SUBSCRIBE ${id} ["all",[1]]`]);
  subscriptions.remove(subscription);
  subscriptions.remove(subscription);
  t.deepEqual(route.sent(), [`UNSUBSCRIBE ${id} 0`]);
  t.is(subscriptions.size, 0);
});

test('one that ends while there is no leader is told to nobody', t => {
  const { subscriptions, route, make } = setUp();
  subscriptions.remove(make('a').subscription);
  subscriptions.open(route);
  t.deepEqual(route.sent(), []);
});

test('it is ready when the leader confirms it, and hears of every later leader by a resync', t => {
  const { subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const { owner, id } = make('a');
  receive(Kind.SUBSCRIBED, id, 1);
  subscriptions.shut();
  subscriptions.open(new FakeRoute(6));
  receive(Kind.SUBSCRIBED, id, 3, 6);
  receive(Kind.VALUE, 3, 'v', 6);
  t.deepEqual(owner.received, ['ready', 'resync "a" 5 6 failover', 'value "v" 6']);
});

test('a confirmation that is repeated, broken, of an older leader or of nobody changes nothing', t => {
  const { subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const { owner, id } = make('a');
  receive(Kind.SUBSCRIBED, id, 'one');
  receive(Kind.SUBSCRIBED, id, 1, 4);
  receive(Kind.SUBSCRIBED, id + 1, 1);
  t.deepEqual(owner.received, []);
  receive(Kind.SUBSCRIBED, id, 1);
  receive(Kind.SUBSCRIBED, id, 1);
  t.deepEqual(owner.received, ['ready']);
});

test('a value reaches each subscription of its topic, each with a copy of its own', t => {
  const { subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const [a, b, other] = [make('a'), make('a'), make('other')];
  receive(Kind.SUBSCRIBED, a.id, 1);
  receive(Kind.SUBSCRIBED, b.id, 1);
  receive(Kind.SUBSCRIBED, other.id, 2);
  receive(Kind.VALUE, 1, { deep: [1] });
  t.deepEqual(a.owner.values, [{ deep: [1] }]);
  t.deepEqual(b.owner.values, [{ deep: [1] }]);
  t.not(a.owner.values[0], b.owner.values[0]);
  t.deepEqual(other.owner.values, []);
});

test('a value in its tagged form is decoded for each, and one that can not be is told', t => {
  const { subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const { owner, id } = make('a');
  receive(Kind.SUBSCRIBED, id, 1);
  receive(Kind.VALUE | EXT, 1, [1]);
  receive(Kind.VALUE | EXT, 1, [99]);
  t.deepEqual(owner.values, [undefined]);
  t.regex(owner.received.at(-1)!, /^failed A broken frame came/);
});

test('a subscription that another listener of the same value ends does not hear it', t => {
  const { subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const [a, b] = [make('a'), make('a')];
  receive(Kind.SUBSCRIBED, a.id, 1);
  receive(Kind.SUBSCRIBED, b.id, 1);
  a.owner.onValue = () => subscriptions.remove(b.subscription);
  receive(Kind.VALUE, 1, 'v');
  receive(Kind.VALUE, 1, 'w');
  t.deepEqual(a.owner.values, ['v', 'w']);
  t.deepEqual(b.owner.values, []);
  subscriptions.remove(a.subscription);
  receive(Kind.VALUE, 1, 'x');
  t.deepEqual(a.owner.values, ['v', 'w']);
});

test('one of those that share the values gets what is for it alone, and not what is for all', t => {
  const { subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const { owner, id } = make('a', { delivery: 'one' });
  receive(Kind.SUBSCRIBED, id, 1);
  receive(Kind.VALUE, 1, 'for all');
  receive(Kind.VALUE_ONE, id, 'for it');
  receive(Kind.VALUE_ONE, id + 1, 'for another');
  receive(Kind.VALUE_ONE, id, 'too late', 4);
  t.deepEqual(owner.values, ['for it']);
});

test('the last value before a subscription is marked as such', t => {
  const { subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const { owner, id } = make('a');
  receive(Kind.SUBSCRIBED, id, 1);
  receive(Kind.REPLAY, id, 'v');
  t.deepEqual(owner.received, ['ready', 'value "v" 5 replayed']);
});

test('values of an older leader, of an unknown topic or without any leader are dropped', t => {
  const { subscriptions, route, make, receive } = setUp();
  receive(Kind.VALUE, 1, 'v');
  subscriptions.open(route);
  const { owner, id } = make('a');
  receive(Kind.SUBSCRIBED, id, 1);
  receive(Kind.VALUE, 1, 'v', 4);
  receive(Kind.VALUE, 2, 'v');
  subscriptions.shut();
  receive(Kind.VALUE, 1, 'v');
  t.deepEqual(owner.values, []);
});

test('values that were dropped on the way are told once to each handle', t => {
  const { subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const handle = {};
  const [a, b, c] = [
    make('a', { owner: new FakeOwner(handle) }),
    make('a', { owner: new FakeOwner(handle) }),
    make('a'),
  ];
  for (const { id } of [a, b, c]) receive(Kind.SUBSCRIBED, id, 1);
  receive(Kind.GAP, 1);
  receive(Kind.GAP, 2);
  receive(Kind.GAP, 1, 0, 4);
  t.deepEqual(a.owner.received, ['ready', 'resync "a" 5 5 overload']);
  t.deepEqual(b.owner.received, ['ready']);
  t.deepEqual(c.owner.received, ['ready', 'resync "a" 5 5 overload']);
});

test('a first attempt that is refused is the end of it', t => {
  const { subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const { owner, subscription, id } = make('a');
  receive(Kind.REFUSED | EXT, id, NO_ERROR, 4);
  receive(Kind.REFUSED | EXT, id + 1, NO_ERROR);
  t.deepEqual(owner.received, []);
  receive(Kind.REFUSED | EXT, id, NO_ERROR);
  t.deepEqual(owner.received, ['refused no']);
  t.is(subscriptions.size, 0);
  route.sent();
  subscriptions.remove(subscription);
  t.deepEqual(route.sent(), []);
});

test('one that a later leader refuses is tried again, after pauses that grow', t => {
  const { clock, subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const { owner, id } = make('a');
  receive(Kind.SUBSCRIBED, id, 1);
  subscriptions.shut();
  const next = new FakeRoute(6);
  subscriptions.open(next);
  next.sent();
  for (const pause of [100, 200, 400]) {
    receive(Kind.REFUSED | EXT, id, NO_ERROR, 6);
    clock.advance(pause - 1);
    t.deepEqual(next.sent(), []);
    clock.advance(1);
    t.deepEqual(next.sent(), [`SUBSCRIBE ${id} ["all","a"]`]);
  }
  receive(Kind.SUBSCRIBED, id, 2, 6);
  t.deepEqual(owner.received, ['ready', 'failed no', 'failed no', 'failed no', 'resync "a" 5 6 failover']);
});

test('a pause that ends without a leader, or that a new leader cut short, tries nothing twice', t => {
  const { clock, subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const { subscription, id } = make('a');
  receive(Kind.SUBSCRIBED, id, 1);
  receive(Kind.REFUSED | EXT, id, NO_ERROR);
  subscriptions.shut();
  clock.advance(100);
  const next = new FakeRoute(6);
  subscriptions.open(next);
  t.is(next.sent().length, 1);
  receive(Kind.REFUSED | EXT, id, NO_ERROR, 6);
  subscriptions.open(new FakeRoute(7));
  t.is(clock.timers, 0);
  receive(Kind.REFUSED | EXT, id, NO_ERROR, 7);
  subscriptions.remove(subscription);
  t.is(clock.timers, 0);
});

test('nothing is left once it is closed', t => {
  const { clock, subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const { owner, id } = make('a');
  make('b');
  receive(Kind.SUBSCRIBED, id, 1);
  receive(Kind.REFUSED | EXT, id, NO_ERROR);
  subscriptions.close();
  t.is(clock.timers, 0);
  t.is(subscriptions.size, 0);
  receive(Kind.VALUE, 1, 'v');
  t.deepEqual(owner.values, []);
});

test('frames that are about no subscription are left to others', t => {
  const { receive } = setUp();
  for (const kind of [Kind.SUBSCRIBED, Kind.REFUSED, Kind.VALUE, Kind.VALUE_ONE, Kind.REPLAY, Kind.GAP]) {
    t.true(receive(kind, 1));
  }
  for (const kind of [Kind.RESULT, Kind.EVENT, Kind.END, Kind.CALL]) t.false(receive(kind, 1));
});

test('a subscription for which there is no room is refused, and asks for nothing when it ends', t => {
  const { clock, subscriptions, route, make, receive } = setUp();
  subscriptions.open(route);
  const first = make('a');
  t.true(receive(Kind.OVERLOADED, first.id));
  t.regex(first.owner.received.join(), /^refused Too much is waiting for the leader/);
  route.sent();
  route.waitingBytes = 65 * 1024 * 1024;
  const [second, third] = [make('b'), make('c')];
  subscriptions.remove(third.subscription);
  route.sent();
  t.deepEqual(second.owner.received, []);
  clock.tick();
  t.regex(second.owner.received.join(), /^refused Too much is waiting for the leader/);
  t.deepEqual(third.owner.received, []);
  subscriptions.remove(second.subscription);
  t.deepEqual(route.sent(), []);
  t.is(subscriptions.size, 0);
});
