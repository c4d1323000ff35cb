import test from 'ava';
import { Claims } from '../../lib/pm2/claims.js';
import { warningsOf } from '../../lib/pm2/differences.js';
import { endMetrics, findMetricSink, showMetrics } from '../../lib/pm2/metrics.js';
import { type Completed, type Kept, Offers } from '../../lib/pm2/offers.js';
import { requestOf } from '../../lib/pm2/read-log.js';
import { Transfers } from '../../lib/pm2/transfers.js';
import { Watch } from '../../lib/pm2/watch.js';
import type { Claim } from '../../lib/protocol/bus-frames.js';
import type { LogState } from '../../lib/protocol/log-state.js';
import type { Offer, Transferred } from '../../lib/protocol/messages.js';
import { writeBusAddress } from '../../lib/transport/bus-address.js';
import { memberKey } from '../../lib/utils/secret.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { claim, join, Log, ledByA, prepared, ready, resign, transfer, yields } from '../helpers/pm2/log.js';

// -------------------------------------------------------------------------------------------------------- claims

function claimsOf(me: string) {
  const clock = new UnitClock();
  const sent: Claim[] = [];
  const claims = new Claims({ clock, me, choose: undefined, send: claim => sent.push(claim) });
  return { clock, sent, claims };
}

test('the best candidate claims at once, the next a step later, and again while nothing changes', t => {
  const log = ledByA();
  log.send('a', resign(log.term));
  const first = claimsOf('c');
  first.claims.consider(log.state);
  t.deepEqual(first.sent, [{ k: 'claim', group: 'g', after: log.term }]);
  first.claims.consider(log.state);
  t.is(first.sent.length, 1);
  first.clock.advance(1000);
  t.is(first.sent.length, 2);
  const second = claimsOf('b');
  second.claims.consider(log.state);
  t.is(second.sent.length, 0);
  second.clock.advance(25);
  t.is(second.sent.length, 1);
});

test('a claim that somebody else made first is not made', t => {
  const log = ledByA();
  const { term } = log;
  log.send('a', resign(term));
  const { clock, sent, claims } = claimsOf('b');
  claims.consider(log.state);
  claims.consider(log.send('c', claim(term)).state);
  clock.advance(5000);
  t.deepEqual(sent, []);
  t.is(clock.timers, 0);
});

test('who waits for somebody better claims as soon as that one is gone', t => {
  const log = ledByA().send('a', transfer(2));
  log.send('a', resign(log.term));
  const { clock, sent, claims } = claimsOf('c');
  claims.consider(log.state);
  clock.advance(500);
  t.deepEqual(sent, []);
  claims.consider(log.exit('2').state);
  claims.consider(log.exit('1').state);
  t.is(sent.length, 1);
  clock.advance(999);
  t.is(sent.length, 1);
  clock.advance(1);
  t.is(sent.length, 2);
});

test('what waits for a claim is forgotten with its group, or with all that was known', t => {
  const log = ledByA();
  log.send('a', resign(log.term));
  const { clock, claims } = claimsOf('b');
  claims.consider(log.state);
  for (const id of ['a', 'b', 'c']) log.send(id, { k: 'leave', group: 'g' });
  claims.consider(log.state);
  t.is(clock.timers, 0);
  claims.consider(new Log().enter('b').send('b', join()).state);
  claims.clear();
  t.is(clock.timers, 0);
});

// --------------------------------------------------------------------------------------------------------- watch

function watchOf(me: string) {
  const clock = new UnitClock();
  const sent: string[] = [];
  let pings = 100;
  const watch = new Watch({
    clock,
    me,
    heartbeatMs: 400,
    leaderTimeoutMs: 3000,
    ping: () => {
      sent.push('ping');
      return ++pings;
    },
    silent: leader => sent.push(`${leader} is silent`),
    unanswered: () => sent.push('unheard'),
  });
  return { clock, sent, watch };
}

test('a silent leader is told of once what was said meanwhile has been read', t => {
  const { clock, sent, watch } = watchOf('b');
  watch.see(ledByA().state);
  watch.noteSign('a');
  clock.advance(2900);
  t.deepEqual(sent, []);
  clock.advance(300);
  t.deepEqual(sent, ['ping']);
  clock.advance(1000);
  t.deepEqual(sent, ['ping'], 'the bus itself may be what is silent');
  watch.echoed(101);
  clock.advance(100);
  t.deepEqual(sent, ['ping', 'a is silent']);
});

test('a leader that is heard after all is well', t => {
  const { clock, sent, watch } = watchOf('b');
  watch.see(ledByA().state);
  clock.advance(3200);
  t.deepEqual(sent, ['ping']);
  watch.noteSign('a');
  watch.echoed(101);
  clock.advance(2900);
  t.deepEqual(sent, ['ping']);
});

test('time in which this process stood still is no silence of others', t => {
  const { clock, sent, watch } = watchOf('b');
  watch.see(ledByA().state);
  clock.advance(1000);
  clock.jump(60_000);
  clock.advance(200);
  t.deepEqual(sent, []);
});

test('nobody is watched by who may not succeed, or once nothing is known', t => {
  const { clock, sent, watch } = watchOf('b');
  watch.see(ledByA().send('b', join('g', { eligible: false })).state);
  clock.advance(10_000);
  watch.see(ledByA().state);
  clock.advance(1000);
  watch.see(undefined);
  clock.advance(10_000);
  t.deepEqual(sent, []);
  t.is(clock.timers, 0);
});

test('a successor that opens is watched by its leader and by who may take its place', t => {
  for (const [me, receives] of [
    ['a', true],
    ['c', true],
    ['b', false],
  ] as const) {
    const { clock, sent, watch } = watchOf(me);
    const log = ledByA('overlap').send('a', transfer());
    watch.see(log.send('b', claim(log.term)).state);
    for (let i = 0; i < 7; i++) {
      watch.noteSign('a');
      clock.advance(500);
    }
    watch.echoed(101);
    clock.advance(100);
    t.deepEqual(sent, receives ? ['ping', 'b is silent'] : []);
    watch.see(log.send('b', prepared(log.successor.term)).state);
    sent.length = 0;
    for (let i = 0; i < 7; i++) {
      watch.noteSign('a');
      clock.advance(500);
    }
    t.deepEqual(sent, [], 'it has opened, and is no leader yet');
  }
});

test('a successor that the log has as silent is watched no more', t => {
  const { clock, sent, watch } = watchOf('a');
  const log = ledByA('overlap').send('a', transfer());
  log.send('b', claim(log.term)).send('a', yields(log.term, true));
  watch.see(log.send('c', claim(log.successor.term, log.seen('b'))).state);
  clock.advance(5000);
  t.is(log.led, 'a handing-over then b');
  t.deepEqual(sent, []);
});

test('a leader that does not read itself for half of its time is unheard', t => {
  const { clock, sent, watch } = watchOf('a');
  watch.see(ledByA().state);
  watch.sent(1);
  watch.echoed(1);
  clock.advance(5000);
  t.deepEqual(sent, []);
  watch.sent(2);
  watch.sent(3);
  clock.advance(1000);
  watch.echoed(2);
  clock.advance(1400);
  t.deepEqual(sent, []);
  clock.advance(200);
  t.deepEqual(sent.slice(0, 1), ['unheard']);
});

test('a follower that is unheard leads nothing that it could lose', t => {
  const { clock, sent, watch } = watchOf('b');
  watch.see(ledByA().send('a', { k: 'heartbeat', n: 1 }).state);
  watch.sent(1);
  for (let i = 0; i < 20; i++) {
    watch.noteSign('a');
    clock.advance(500);
  }
  t.deepEqual(sent, []);
});

// ----------------------------------------------------------------------------------------------------- transfers

function transfersOf(me: string, log: LogState | undefined) {
  const answers: Transferred[] = [];
  const transfers = new Transfers(me, answer => answers.push(answer));
  return { answers, transfers, wasSent: transfers.ask({ k: 'transfer', group: 'g', id: 7 }, log) };
}

test('a transfer is answered once, by what the log says of it, to who asked for it', t => {
  const log = ledByA().send('b', transfer(2, 7)).send('c', transfer(3, 7));
  const { answers, transfers, wasSent } = transfersOf('c', log.state);
  t.true(wasSent);
  transfers.settle({ request: requestOf('c', 8) });
  for (const settled of log.settled) transfers.settle(settled);
  const vacant: Transferred = { k: 'transferred', group: 'g', id: 7, failed: 'vacant' };
  t.deepEqual(answers, [vacant]);
  const other = transfersOf('b', log.state);
  log.send('a', resign(log.term)).send('b', claim(log.term)).send('b', ready(log.term));
  for (const settled of [...log.settled, ...log.settled])
    for (const each of [other, { transfers }]) each.transfers.settle(settled);
  t.deepEqual(other.answers, [{ k: 'transferred', group: 'g', id: 7 }]);
  t.deepEqual(answers, [vacant]);
});

test('a transfer is not said where no state is known', t => {
  const { answers, wasSent } = transfersOf('a', undefined);
  t.false(wasSent);
  t.deepEqual(answers, [{ k: 'transferred', group: 'g', id: 7, failed: 'vacant' }]);
});

test('a transfer is lost where the state is not known any more, whether it was read or not', t => {
  const { answers, transfers } = transfersOf('a', ledByA().state);
  transfers.lose();
  // What comes after it has been answered already.
  transfers.settle({ request: requestOf('a', 7) });
  transfers.lose();
  t.deepEqual(answers, [{ k: 'transferred', group: 'g', id: 7, failed: 'lost' }]);
});

// --------------------------------------------------------------------------------------------------- differences

test('who joins with other options is warned, and so is the leader', t => {
  const log = ledByA().enter('d');
  const before = log.state;
  log.send('d', join('g', { digest: '{"drainTimeoutMs":"7"}' }));
  for (const id of ['a', 'd']) {
    t.regex((warningsOf(before, log.state, id)[0] as { text: string }).text, /Worker 4 has another drainTimeoutMs/);
  }
  t.deepEqual(warningsOf(before, log.state, 'b'), []);
  t.deepEqual(warningsOf(log.state, log.state, 'a'), []);
});

test('who joins before there is a leader is compared with who came first', t => {
  const log = new Log().enter('a', 'b').send('a', join('g', { digest: '{"args":"x"}' }));
  t.deepEqual(warningsOf(undefined, log.state, 'a'), []);
  const before = log.state;
  log.send('b', join());
  t.is(warningsOf(before, log.state, 'b').length, 1);
});

test("what configure() was given is compared too, and a leader isn't compared with itself", t => {
  const log = ledByA();
  const before = log.state;
  log.send('d', { k: 'enter', process: '4', workerId: 4, pid: 4, heartbeatMs: 500, leaderTimeoutMs: 9000 });
  log.send('d', join());
  t.regex((warningsOf(before, log.state, 'd')[0] as { text: string }).text, /another leaderTimeoutMs/);
  t.deepEqual(warningsOf(undefined, log.state, 'a').length, 1, 'only of the one that differs');
});

// -------------------------------------------------------------------------------------------------------- offers

function storeOf() {
  const files = new Map<string, Readonly<Record<string, Kept>>>();
  const full = new Set<string>();
  return {
    files,
    full,
    keep(address: string, secrets: Readonly<Record<string, Kept>>) {
      if (full.has(address)) throw new Error('ENOSPC');
      files.set(address, secrets);
    },
    read(address: string) {
      if (!files.has(address)) throw new Error('ENOENT');
      return files.get(address);
    },
    remove: (address: string) => void files.delete(address),
  };
}

function offersOf(me: 'a' | 'b', store = storeOf(), busData = false) {
  const clock = new UnitClock();
  const sent: Offer[] = [];
  const delivered: Completed[] = [];
  const offers = new Offers({
    clock,
    store,
    me,
    workerId: me === 'a' ? 1 : 2,
    busData,
    send: offer => sent.push(offer),
    offered: completed => delivered.push(completed),
  });
  return { clock, store, sent, delivered, offers };
}

const offer = (term: number, address = '/x', secret = 's'): Offer => ({
  k: 'offer',
  group: 'g',
  term,
  address,
  secret,
});

const reach = (term: number, address: string | undefined = '/x') => ({ group: 'g', term, address });

const noOffer = (term: number, problem: string) => ({ ...offer(term, '', ''), problem });

/** What worker 2 makes of it. */
const keyed = (term: number, address?: string, secret = 's'): Offer =>
  offer(term, address, memberKey(secret, 'g', term, 2));

test('the log carries an address without its secret, which members find in its place', t => {
  const { store, offers } = offersOf('a');
  t.deepEqual(offers.hide({ ...offer(5), group: 'h' }), { ...offer(5), group: 'h', secret: '' });
  t.deepEqual(offers.hide(offer(6, '/x', 'other'), 'hash'), { ...offer(6), secret: '' });
  t.deepEqual(Object.keys(store.files.get('/x')!), ['5|h', '6|g']);
  const member = offersOf('b', store).offers;
  t.deepEqual(member.complete(reach(6)), {
    offer: keyed(6, '/x', 'other'),
    kept: { secret: 'other', args: 'hash' },
  });
  t.is(member.complete(reach(7)), undefined);
  t.is(member.complete(reach(5, '/gone')), undefined);
});

test('what can not be kept is tried again, and the others hear why', t => {
  const { clock, store, sent, offers } = offersOf('a');
  store.full.add('/x');
  t.deepEqual(offers.hide(offer(5)), noOffer(5, 'ENOSPC'));
  clock.advance(1000);
  t.deepEqual(sent, []);
  store.full.clear();
  clock.advance(1000);
  t.deepEqual(sent, [{ ...offer(5), secret: '' }]);
  t.true(store.files.has('/x'));
  t.is(clock.timers, 0);
});

test('what can not be read is tried again, and the member hears why where that goes on', t => {
  const { clock, store, delivered, offers } = offersOf('b');
  t.is(offers.complete(reach(5)), undefined);
  clock.advance(600);
  t.deepEqual(delivered, []);
  clock.advance(100);
  t.deepEqual(delivered, [{ offer: noOffer(5, 'ENOENT') }]);
  clock.advance(5000);
  store.keep('/x', { '4|g': { secret: 's' } });
  clock.advance(5000);
  t.is(delivered.length, 1);
  store.keep('/x', { '5|g': { secret: 's' } });
  clock.advance(2000);
  t.deepEqual(delivered.slice(1), [{ offer: keyed(5), kept: { secret: 's' } }]);
  t.is(clock.timers, 0);
});

test('nothing is tried for a term that is over', t => {
  const log = ledByA();
  const { term } = log;
  const leader = offersOf('a');
  leader.store.full.add('/x');
  leader.offers.hide(offer(term));
  leader.offers.see(undefined, log.state);
  const member = offersOf('b');
  const left = offersOf('b');
  for (const { offers } of [member, left]) {
    offers.complete(reach(term));
    offers.see(undefined, log.state);
  }
  t.deepEqual([leader.clock.timers, member.clock.timers], [1, 1]);
  left.offers.see(log.state, ledByA().send('b', { k: 'leave', group: 'g' }).state);
  t.is(left.clock.timers, 0);
  log.send('a', resign(term));
  for (const { offers } of [leader, member]) offers.see(undefined, log.state);
  t.deepEqual([leader.clock.timers, member.clock.timers], [0, 0]);
  leader.offers.hide(offer(5));
  leader.offers.stop();
  member.offers.complete(reach(5));
  member.offers.stop();
  t.deepEqual([leader.clock.timers, member.clock.timers], [0, 0]);
});

test('why a leader can not be reached is told as it was said', t => {
  const { offers } = offersOf('b');
  t.deepEqual(offers.complete({ ...reach(5), address: undefined, problem: 'no room' }), {
    offer: noOffer(5, 'no room'),
  });
});

test('what a worker left behind when it died, the others remove at once, also where it had offered nothing yet', t => {
  const { store, offers } = offersOf('b');
  store.keep('/x', {});
  const log = ledByA().send('a', { k: 'address', address: '/old' }).send('a', { k: 'address', address: '/x' });
  const before = log.state;
  offers.see(undefined, before);
  offers.see(before, log.send('a', resign(log.term)).state);
  t.is(store.files.size, 1, 'who lives removes its own');
  offers.see(log.state, log.exit('1').state);
  t.is(store.files.size, 0);
});

test('where data may go over the bus the secret goes with the address', t => {
  const { store, offers } = offersOf('a', storeOf(), true);
  const both = writeBusAddress({ socket: '/x', bus: '1/l' });
  const sent = offers.hide(offer(5, both));
  t.is(sent.secret, '');
  t.is(store.files.size, 0);
  const bySocket = offersOf('b', store).offers;
  t.deepEqual(offersOf('b', store, true).offers.complete(reach(5, sent.address)), { offer: keyed(5, both) });
  t.deepEqual(bySocket.complete(reach(5, sent.address)), { offer: keyed(5, '/x') }, 'by the socket alone');
  const alone = offers.hide(offer(5, writeBusAddress({ bus: '1/l' })));
  t.deepEqual(bySocket.complete(reach(5, alone.address)), { offer: noOffer(5, 'the leader has no socket') });
});

// ------------------------------------------------------------------------------------------------------- metrics

test('each group shows its leader, its term, its calls and its failovers', t => {
  const shown = new Map<string, () => string | number>();
  const measured = { term: 5, calls: { inFlight: 0, ended: { ok: 3, failed: 1 } }, failovers: { count: 2 } };
  let leader: { workerId: number } | undefined;
  let isOpen = true;
  showMetrics({ metric: ({ name, value }) => shown.set(name, value) }, 'g', () =>
    isOpen ? { ...measured, leader } : undefined,
  );
  const values = () => Object.fromEntries([...shown].map(([name, value]) => [name, value()]));
  t.deepEqual(values(), { 'g: leader': 'none', 'g: term': 5, 'g: calls': 4, 'g: calls failed': 1, 'g: failovers': 2 });
  leader = { workerId: 3 };
  t.is(values()['g: leader'], 'worker 3');
  isOpen = false;
  t.is(values()['g: leader'], 'closed');
});

test('@pm2/io is found where it is, and nowhere else', t => {
  t.is(findMetricSink({}), undefined);
  t.is(findMetricSink({ [Symbol.for('@pm2/io')]: {} }), undefined);
  const io = { metric() {} };
  t.is(findMetricSink({ [Symbol.for('@pm2/io')]: io }), io);
  t.is(findMetricSink(), undefined);
});

test("@pm2/io's own timers are ended where it can, whatever it says to that", t => {
  const key = Symbol.for('@pm2/io');
  let ended = 0;
  endMetrics({ [key]: { metric() {}, destroy: () => ended++ } });
  t.is(ended, 1);
  endMetrics({ [key]: { metric() {} } });
  endMetrics({});
  t.notThrows(() =>
    endMetrics({
      [key]: {
        metric() {},
        destroy() {
          throw new Error('not initialized');
        },
      },
    }),
  );
});
