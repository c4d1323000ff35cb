import test from 'ava';
import { EMPTY_LOG, hasFailedOnAll, readLog } from '../../lib/pm2/read-log.js';
import type { ControlFrame } from '../../lib/protocol/messages.js';
import { claim, join, Log, ledByA, prepared, ready, resign, T0, transfer, yields } from '../helpers/pm2-log.js';

test('the first claim on a vacant group leads, and a later one changes nothing', t => {
  const log = new Log().enter('a', 'b').say('a', join()).say('b', join());
  t.is(log.led, 'vacant');
  log.say('b', claim(0)).say('a', claim(0));
  t.is(log.led, 'b opening');
  log.say('b', ready(log.term, ['get']));
  t.is(log.led, 'b ready');
  t.deepEqual(log.group.led!.methods, ['get']);
});

test("a term is the daemon's clock, and more than the last one", t => {
  const log = new Log().enter('a').say('a', join()).say('a', claim(0));
  t.is(log.term, log.at);
  log.at = T0 - 500;
  const { term } = log;
  log.say('a', resign(term)).say('a', claim(term));
  t.is(log.term, term + 1);
});

test('a group that comes again goes on from its last term', t => {
  const log = ledByA();
  const { term } = log;
  for (const id of ['a', 'b', 'c']) log.say(id, { k: 'leave', group: 'g' });
  t.deepEqual(log.state.groups, {});
  log.at = 0;
  log.say('a', join()).say('a', claim(0));
  t.is(log.led, 'vacant');
  log.say('a', claim(term));
  t.is(log.term, term + 1);
});

test('a claim after a term that is over changes nothing', t => {
  const log = ledByA();
  const { term } = log;
  log.say('a', resign(term)).say('b', claim(0));
  t.is(log.led, 'vacant');
  log.say('b', claim(term));
  t.is(log.led, 'b opening');
});

test('a living leader is only deposed by who names its last packet', t => {
  const log = ledByA();
  const { term } = log;
  log.say('b', claim(term));
  t.is(log.led, 'a ready');
  const seen = log.seen('a');
  log.say('a', { k: 'heartbeat', n: 1 }).say('b', claim(term, seen));
  t.is(log.led, 'a ready');
  log.say('a', claim(term, log.seen('a') + 1));
  t.is(log.led, 'a ready', 'not even by itself');
  log.say('b', claim(term, log.seen('a'))).say('c', claim(term, log.seen('a')));
  t.is(log.led, 'b opening');
});

for (const [name, end] of [
  ['dies', (log: Log) => log.exit('1')],
  ['resigns', (log: Log) => log.say('a', resign(log.term))],
  ['leaves', (log: Log) => log.say('a', { k: 'leave', group: 'g' })],
  ['parts', (log: Log) => log.say('a', { k: 'part' })],
] as const) {
  test(`a group is vacant at once when its leader ${name}`, t => {
    const log = ledByA();
    const { term } = log;
    end(log);
    t.is(log.led, 'vacant');
    t.is(log.group.lastTerm, term);
  });
}

test("who dies is gone from everywhere, whatever it is in the daemon's list", t => {
  const log = ledByA().exit('1').exit('9').exit('2');
  t.deepEqual(Object.keys(log.state.peers), ['c']);
  t.deepEqual(Object.keys(log.group.members), ['c']);
});

test('who has not entered takes no part', t => {
  const log = new Log().say('a', join()).say('a', claim(0));
  t.deepEqual(log.state, EMPTY_LOG);
  log.enter('a').say('a', claim(0)).say('b', join());
  t.deepEqual(log.state.groups, {});
});

test('words of no member, of an older term or of nobody who leads change nothing', t => {
  const log = ledByA();
  const { term } = log;
  const before = log.group;
  const words: ControlFrame[] = [
    ready(term),
    prepared(term),
    yields(term),
    resign(term),
    { k: 'offer', group: 'g', term, address: 'x', secret: '' },
    { k: 'heartbeat', n: 4 },
    { k: 'warning', group: 'g', text: '' },
  ];
  for (const word of words) log.say('b', word);
  for (const word of [yields(term - 1), resign(term - 1), ready(term - 1), ready(term)]) log.say('a', word);
  t.deepEqual(log.group, before);
});

test('a state that an entry leaves alone stays the same object, but for what was heard', t => {
  const { state } = ledByA();
  t.is(readLog(state, { type: 'exit', process: '9', at: T0 }), state);
});

test('a leader that yields hands over, and leads until it resigns', t => {
  const log = ledByA();
  const { term } = log;
  log.say('a', yields(term));
  t.is(log.led, 'a handing over');
  t.is(log.group.avoided, 'a');
  log.say('a', resign(term)).say('c', claim(term));
  t.is(log.led, 'c opening');
  log.say('c', ready(log.term));
  t.is(log.group.avoided, undefined);
});

test('where the group overlaps, the first claim prepares, and the leader hands over once that is done', t => {
  const log = ledByA('overlap');
  const { term } = log;
  log.say('a', yields(term));
  t.is(log.led, 'a preparing');
  log.say('b', claim(term)).say('c', claim(term));
  t.is(log.led, 'a preparing then b');
  const { next } = log.group.led!.successor!;
  t.true(next > term);
  log.say('b', prepared(next));
  t.is(log.led, 'a handing over then b');
  log.say('a', resign(term));
  t.is(log.led, 'b ready');
  t.is(log.term, next);
  t.deepEqual(log.group.led!.methods, ['next']);
});

test('a successor whose turn comes before it is prepared opens, and is ready then', t => {
  const log = ledByA('overlap');
  log.say('a', yields(log.term)).say('b', claim(log.term)).exit('1');
  t.is(log.led, 'b opening');
  log.say('b', prepared(log.term));
  t.is(log.led, 'b ready');
});

test('a successor that fails or dies gives way to the next, and the last one to none', t => {
  const log = ledByA('overlap');
  const { term } = log;
  log.say('a', yields(term)).say('b', claim(term));
  log.say('b', resign(log.group.led!.successor!.next, 'failed'));
  t.is(log.led, 'a preparing');
  log.say('c', claim(term)).exit('3');
  t.is(log.led, 'a handing over');
});

test('a successor that dies when it is prepared changes nothing for the leader that hands over', t => {
  const log = ledByA('overlap');
  const { term } = log;
  log.say('a', yields(term)).say('b', claim(term));
  log.say('b', prepared(log.group.led!.successor!.next)).exit('2');
  t.is(log.led, 'a handing over');
});

test('a transfer makes the leader hand over, and names who is wanted', t => {
  const log = ledByA().say('b', transfer(3));
  t.is(log.led, 'a handing over');
  t.is(log.group.wanted, 'c');
  log.say('a', resign(log.term)).say('c', claim(log.term)).say('c', ready(log.term));
  t.is(log.group.wanted, undefined);
});

test('a transfer to nobody in particular only avoids the leader', t => {
  const log = ledByA().say('b', transfer());
  t.is(log.led, 'a handing over');
  t.is(log.group.wanted, undefined);
  t.is(log.group.avoided, 'a');
});

test('a transfer to a stranger, or while nobody is ready, changes nothing', t => {
  const log = ledByA().say('b', transfer(9));
  t.is(log.led, 'a ready');
  log.say('a', resign(log.term)).say('b', transfer());
  t.is(log.led, 'vacant');
});

test('attempts that failed on all pause ever longer, and the next claim begins a new round', t => {
  const log = new Log().enter('a', 'b').say('a', join()).say('b', join());
  const pauses: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (const id of ['a', 'b']) {
      log.say(id, claim(log.term)).say(id, resign(log.term, 'failed'));
      if (id === 'a') t.false(hasFailedOnAll(log.group));
    }
    t.true(hasFailedOnAll(log.group));
    pauses.push(log.group.pauseMs);
  }
  t.deepEqual(pauses, [100, 200, 400]);
  t.deepEqual(log.group.error, { text: '"no"', ext: false });
  log.say('a', claim(log.term));
  t.deepEqual(log.group.failed, []);
  log.say('a', ready(log.term));
  t.is(log.group.error, undefined);
});

test('who may lead only from now on has not failed', t => {
  const log = new Log()
    .enter('a')
    .say('a', join())
    .say('a', claim(0))
    .say('a', resign(T0 + 3, 'failed'));
  t.true(hasFailedOnAll(log.group));
  log.say('a', join('g', { eligible: false })).say('a', join());
  t.false(hasFailedOnAll(log.group));
});

test('a term that breaks soon is followed by a pause, the first at once; one that held ends the count', t => {
  const log = ledByA();
  const breaks = (heldMs: number) => {
    log.at += heldMs;
    log.say('a', resign(log.term, 'broken'));
    const { pauseMs } = log.group;
    log.say('a', claim(log.term)).say('a', ready(log.term));
    return pauseMs;
  };
  t.deepEqual([breaks(10), breaks(10), breaks(10), breaks(20_000), breaks(10)], [0, 100, 200, 0, 100]);
});

test('a break during a hand-over makes no pause', t => {
  const log = ledByA();
  log.say('a', resign(log.term, 'broken')).say('a', claim(log.term)).say('a', ready(log.term));
  log.say('a', yields(log.term)).say('a', resign(log.term, 'broken'));
  t.is(log.group.pauseMs, 0);
});

test("the leader's address stands with its term", t => {
  const log = ledByA();
  log.say('a', { k: 'offer', group: 'g', term: log.term, address: '/x', secret: '' });
  t.is(log.group.led!.address, '/x');
});

test('the address of a worker stands with it, until it enters anew', t => {
  const log = new Log().say('a', { k: 'address', address: '/x' }).enter('a');
  t.is(log.state.peers.a!.address, undefined);
  log.say('a', { k: 'address', address: '/x' }).say('a', { k: 'address', address: '/y' });
  t.is(log.state.peers.a!.address, '/y');
  t.is(log.enter('a').state.peers.a!.address, undefined);
});

test('a group may have the name of what every object inherits', t => {
  const log = new Log().enter('a').say('a', claim(0, undefined, 'toString'));
  for (const name of ['__proto__', 'constructor']) log.say('a', join(name)).say('a', claim(0, undefined, name));
  t.deepEqual(Object.keys(log.state.groups), ['__proto__', 'constructor']);
  const copy = JSON.parse(JSON.stringify(log.state)) as typeof log.state;
  t.deepEqual(copy, log.state);
});
