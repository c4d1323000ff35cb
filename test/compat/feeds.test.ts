import test from 'ava';
import { type FeedListener, Feeds, type Upstream } from '../../lib/compat/feeds.js';
import { defer } from '../../lib/utils/deferred.js';
import { microtasks } from '../helpers/clocks/unit-clock.js';

function setUp({ replays = true, ...given }: Partial<Upstream> & { replays?: boolean } = {}) {
  const diary: unknown[] = [];
  const reports: unknown[] = [];
  const listeners = new Map<unknown, FeedListener>();
  const upstream: Upstream = {
    subscribe(reg, listener) {
      diary.push(['subscribe', reg]);
      listeners.set(reg, listener);
    },
    unsubscribe(reg, listener) {
      diary.push(['unsubscribe', reg, listener === listeners.get(reg)]);
    },
    encode: value => `<${value}>`,
    report: error => reports.push(error),
    ...given,
  };
  const received: unknown[] = [];
  return {
    diary,
    reports,
    received,
    feeds: new Feeds(upstream, replays),
    receive:
      (who: string): FeedListener =>
      value =>
        received.push([who, value]),
    push: (reg: unknown, value: unknown) => listeners.get(reg)!(value),
  };
}

test('one key is subscribed to once, and unsubscribed from when the last has gone', async t => {
  const { feeds, receive, push, received, diary } = setUp();
  const ends = [feeds.subscribe(['k', 'one'], receive('a')), feeds.subscribe(['k', 'two'], receive('b'))];
  push('one', 1);
  t.deepEqual(received, [
    ['a', '<1>'],
    ['b', '<1>'],
  ]);
  t.is(ends[0]!(), undefined);
  await ends[1]!();
  await ends[1]!();
  t.deepEqual(diary, [
    ['subscribe', 'one'],
    ['unsubscribe', 'one', true],
  ]);
  feeds.subscribe(['k', 'three'], receive('c'));
  t.deepEqual(diary.at(-1), ['subscribe', 'three']);
});

test('who comes late gets the last value as it was then, if there was one and it is to be said again', t => {
  const last: { n: number } = { n: 1 };
  const { feeds, receive, push, received } = setUp({ encode: value => (value as typeof last).n });
  feeds.subscribe(['k', 'k'], receive('a'));
  feeds.subscribe(['k', 'k'], receive('b'));
  push('k', last);
  last.n = 2;
  received.length = 0;
  feeds.subscribe(['k', 'k'], receive('late'));
  t.deepEqual(received, [['late', 1]]);

  const never = setUp({ replays: false });
  never.feeds.subscribe(['k', 'k'], never.receive('a'));
  never.push('k', 1);
  never.feeds.subscribe(['k', 'k'], never.receive('late'));
  t.deepEqual(never.received, [['a', '<1>']]);
});

test('a real client that calls back at once is heard', t => {
  const { feeds, receive, received } = setUp({ subscribe: (_reg, listener) => listener(1) });
  feeds.subscribe(['k', 'k'], receive('a'));
  t.deepEqual(received, [['a', '<1>']]);
});

test('where nothing can be unsubscribed, what is subscribed stays so', async t => {
  const { feeds, receive, push, received, diary } = setUp({ unsubscribe: undefined });
  await feeds.subscribe(['k', 'k'], receive('a'))();
  push('k', 1);
  feeds.subscribe(['k', 'k'], receive('again'));
  t.deepEqual(diary, [['subscribe', 'k']]);
  t.deepEqual(received, [['again', '<1>']]);
});

test('it is unsubscribed after it was subscribed, however that went', async t => {
  const subscribing = defer();
  const { feeds, receive, diary, reports } = setUp({ subscribe: () => subscribing.promise });
  void feeds.subscribe(['k', 'k'], receive('a'))();
  await microtasks();
  t.deepEqual(diary, []);
  subscribing.reject(new Error('refused'));
  await microtasks();
  t.like(diary, [['unsubscribe', 'k']]);
  t.like(reports, [{ message: 'refused' }]);
});

test('a subscription that is refused at once can be tried again', t => {
  let refusals = 0;
  const { feeds, receive } = setUp({
    subscribe() {
      refusals++;
      throw new Error('refused');
    },
  });
  for (let i = 0; i < 2; i++) t.throws(() => feeds.subscribe(['k', 'k'], receive('a')), { message: 'refused' });
  t.is(refusals, 2);
});

test('a value that can not be made ready is reported, and the real client hears nothing of it', t => {
  const { feeds, receive, push, received, reports } = setUp({
    encode() {
      throw new Error('unreadable');
    },
  });
  feeds.subscribe(['k', 'k'], receive('a'));
  t.notThrows(() => push('k', 1));
  t.like(reports, [{ message: 'unreadable' }]);
  t.deepEqual(received, []);
});
