import test from 'ava';
import { EMPTY_LOG, hasFailedOnAll, readLog } from '../../lib/pm2/read-log.js';
import type { ControlFrame } from '../../lib/protocol/messages.js';
import { claim, join, Log, ledByA, prepared, ready, resign, T0, transfer, yields } from '../helpers/pm2/log.js';

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

test('where a peer listened is forgotten once it has removed that, and only that', t => {
  const log = ledByA().say('a', { k: 'address', address: '/x' });
  const addressOf = () => log.state.peers.a!.address;
  log.say('a', { k: 'address', address: '/old', gone: true });
  t.is(addressOf(), '/x');
  log.say('b', { k: 'address', address: '/x', gone: true });
  t.is(addressOf(), '/x');
  log.say('a', { k: 'address', address: '/x', gone: true });
  t.false('address' in log.state.peers.a!);
});

/** What somebody says in a state, and it changes nothing. */
const IDLE: readonly (readonly [in_: string, who: string, what: (log: Log) => ControlFrame, log: () => Log])[] = [
  ['while a opens', 'b', log => ready(log.term), opening],
  ['while a opens', 'a', log => ready(log.term - 1), opening],
  ['while a opens', 'a', log => yields(log.term), opening],
  ['while a opens', 'b', () => transfer(2), opening],
  ['while a leads', 'a', log => yields(log.term - 1), ledByA],
  ['while a leads', 'b', () => transfer(1), ledByA],
  ['while a leads', 'b', log => claim(log.term - 1, log.seen('a')), ledByA],
  ['while a leads', 'b', log => claim(log.term, log.seen('a') + 1), ledByA],
  ['while a leads', 'a', log => offered(log.term - 1), ledByA],
  ['once a hands over', 'a', log => yields(log.term), () => preparedByB()],
  ['once a hands over', 'c', () => transfer(3), () => preparedByB()],
  ['while b prepares', 'c', log => prepared(nextOf(log)), () => preparingByB()],
  ['while b prepares', 'b', log => prepared(nextOf(log) - 1), () => preparingByB()],
  ['while b prepares', 'c', log => resign(nextOf(log), 'failed'), () => preparingByB()],
  ['while b prepares', 'b', log => resign(log.term, 'failed'), () => preparingByB()],
  ['while b prepares', 'c', log => claim(log.term), () => preparingByB()],
  ['once b is prepared', 'b', log => ready(nextOf(log)), () => preparedByB()],
  ['once c left', 'c', log => claim(log.term), () => leftByC()],
  ['once c left', 'c', () => transfer(2), () => leftByC()],
];

function opening(): Log {
  const log = ledByA();
  return log.say('a', resign(log.term)).say('a', claim(log.term));
}

function preparingByB(): Log {
  const log = ledByA('overlap');
  return log.say('a', yields(log.term)).say('b', claim(log.term));
}

function preparedByB(): Log {
  const log = preparingByB();
  return log.say('b', prepared(nextOf(log)));
}

function leftByC(): Log {
  const log = ledByA().say('c', { k: 'leave', group: 'g' });
  return log.say('a', resign(log.term));
}

test('a leader that waits no longer hands over while its successor opens, and is succeeded by it', t => {
  const log = preparingByB();
  const next = nextOf(log);
  log.say('b', yields(log.term, true)).say('a', yields(log.term - 1, true));
  t.is(log.group.led!.at, 'preparing');
  log.say('a', yields(log.term, true));
  t.is(log.group.led!.at, 'handing-over');
  log.say('a', resign(log.term));
  t.like(log.group.led, { leader: 'b', term: next, at: 'opening' });
  log.say('b', prepared(next));
  t.like(log.group.led, { leader: 'b', term: next, at: 'ready' });
});

test('a leader that waits for nobody hands over at once', t => {
  const log = ledByA('overlap');
  log.say('a', yields(log.term, true));
  t.is(log.group.led!.at, 'handing-over');
});

const nextOf = (log: Log): number => log.group.led!.successor!.next;
const offered = (term: number): ControlFrame => ({ k: 'offer', group: 'g', term, address: '/x', secret: '' });

test('words at the wrong time, of the wrong term or of the wrong worker change nothing', t => {
  for (const [when, who, what, start] of IDLE) {
    const log = start();
    const before = log.group;
    const word = what(log);
    log.say(who, word);
    t.deepEqual(log.group, before, `${when}, ${who} says ${JSON.stringify(word)}`);
  }
});

test('who joins again is as old as it was, and has failed if it had', t => {
  const log = ledByA();
  const { joinedAt } = log.group.members.b!;
  log.say('a', resign(log.term)).say('b', claim(log.term)).say('b', resign(log.term, 'failed'));
  log.say('b', join('g', { priority: 1 }));
  t.deepEqual([log.group.members.b!.joinedAt, log.group.failed], [joinedAt, ['b']]);
  t.deepEqual(log.say('b', { k: 'leave', group: 'g' }).group.failed, []);
});

test('of several groups that are forgotten the highest term stays', t => {
  const log = ledByA();
  const { term } = log;
  log.say('a', join('h')).say('b', { k: 'leave', group: 'g' }).say('c', { k: 'leave', group: 'g' });
  log.say('a', { k: 'leave', group: 'g' }).say('a', { k: 'leave', group: 'h' });
  t.is(log.state.lastTerm, term);
  log.say('b', join('i')).say('b', { k: 'leave', group: 'i' });
  t.is(log.state.lastTerm, term);
});

test('a process that dies takes all that it had with it', t => {
  const log = ledByA().say('a', join('h')).say('b', join('h'));
  log.say('d', { k: 'enter', process: '1', workerId: 1, pid: 101, heartbeatMs: 500, leaderTimeoutMs: 3000 });
  log.say('d', join('h')).exit('1');
  t.deepEqual(Object.keys(log.state.peers), ['b', 'c']);
  t.deepEqual(Object.keys(log.state.groups.g!.members), ['b', 'c']);
  t.deepEqual(Object.keys(log.state.groups.h!.members), ['b']);
});

test('each end of a term has its cause', t => {
  const causes = [
    (log: Log) => log.exit('1'),
    (log: Log) => log.say('a', { k: 'part' }),
    (log: Log) => log.say('a', { k: 'leave', group: 'g' }),
    (log: Log) => log.say('a', resign(log.term, 'broken')),
    (log: Log) => log.say('b', claim(log.term, log.seen('a'))),
  ].map(end => end(ledByA()).group.cause);
  t.deepEqual(causes, ['exited', 'disconnected', 'resigned', 'broken', 'silent']);
});

test('where nobody may lead nobody has failed', t => {
  t.false(hasFailedOnAll(new Log().enter('a').say('a', join('g', { eligible: false })).group));
});

test('who resigns is avoided, and who failed is forgotten once somebody is ready', t => {
  const log = ledByA();
  log.say('a', resign(log.term));
  t.is(log.group.avoided, 'a');
  log.say('b', claim(log.term)).say('b', resign(log.term, 'failed')).say('c', claim(log.term));
  t.deepEqual(log.group.failed, ['b']);
  t.deepEqual(log.say('c', ready(log.term)).group.failed, []);
});

test('a pause ends with the term after it', t => {
  for (const end of [(log: Log) => log.exit('1'), (log: Log) => log.say('a', resign(log.term))]) {
    const log = breaking();
    t.not(log.group.pauseMs, 0);
    log.say('a', claim(log.term)).say('a', ready(log.term));
    end(log);
    t.is(log.group.pauseMs, 0);
  }
});

test('a state of an older release knows not how long somebody led', t => {
  const log = breaking();
  const { heldMs: _, ...older } = log.group;
  log.state = { ...log.state, groups: { g: older } };
  log.say('a', claim(log.term)).say('a', ready(log.term)).say('a', resign(log.term));
  t.true(log.group.heldMs! < 10);
});

test('somebody who leads in several terms for ten seconds ends the count of failures', t => {
  const log = breaking();
  log.say('a', claim(log.term)).say('a', ready(log.term));
  for (let i = 0; i < 2; i++) {
    log.at += 6000;
    log.say('a', resign(log.term)).say('a', claim(log.term)).say('a', ready(log.term));
    t.is(log.group.failures, i === 0 ? 2 : 0);
  }
});

/** a broke twice, and b and c are there. */
function breaking(handover: 'exclusive' | 'overlap' = 'exclusive'): Log {
  const log = ledByA(handover);
  log.say('a', resign(log.term, 'broken')).say('a', claim(log.term)).say('a', ready(log.term));
  return log.say('a', resign(log.term, 'broken'));
}

test('failures count on through an end that is none, and through a hand-over, but not through a term that held', t => {
  const ends: readonly ((log: Log) => void)[] = [
    log => log.exit('1'),
    log => log.say('a', resign(log.term)),
    log => log.say('a', yields(log.term)).say('b', claim(log.term)).exit('1'),
    log => {
      log.say('a', yields(log.term)).say('b', claim(log.term));
      log.say('b', prepared(nextOf(log))).say('a', resign(log.term));
    },
  ];
  for (const end of ends) {
    for (const heldMs of [0, 20_000]) {
      const log = breaking('overlap');
      log.say('a', claim(log.term)).say('a', ready(log.term));
      log.at += heldMs;
      end(log);
      t.is(log.group.failures, heldMs > 0 ? 0 : 2);
    }
  }
});

test('a term that a successor took over is judged by how long it held', t => {
  const log = breaking('overlap');
  log.say('a', claim(log.term)).say('a', ready(log.term)).say('a', yields(log.term)).say('b', claim(log.term));
  log
    .say('b', prepared(nextOf(log)))
    .say('a', resign(log.term))
    .say('b', resign(log.term, 'broken'));
  t.is(log.group.failures, 3);
});

test('what a packet was numbered counts for who enters with it', t => {
  const log = new Log().say('a').say('a').enter('a');
  t.is(log.seen('a'), 3);
});

test('a state that an entry leaves alone stays the same object, but for what was heard', t => {
  const { state } = ledByA();
  t.is(readLog(state, { type: 'exit', process: '9', at: T0 }), state);
});

test('a leader that yields hands over, and leads until it resigns', t => {
  const log = ledByA();
  const { term } = log;
  log.say('a', yields(term));
  t.is(log.led, 'a handing-over');
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
  t.is(log.led, 'a handing-over then b');
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
  t.is(log.led, 'a handing-over');
});

for (const [name, end] of [
  ['leaves', (log: Log, id: string) => log.say(id, { k: 'leave', group: 'g' })],
  ['dies', (log: Log, id: string) => log.exit(id === 'b' ? '2' : '3')],
  ['may lead no more', (log: Log, id: string) => log.say(id, join('g', { handover: 'overlap', eligible: false }))],
] as const) {
  test(`where the last candidate ${name} before it claims, a leader that yields hands over`, t => {
    for (const first of [yields, () => transfer()]) {
      const log = ledByA('overlap');
      log.say('a', first(log.term)).say('a', yields(log.term));
      t.is(end(log, 'b').led, 'a preparing');
      t.is(end(log, 'c').led, 'a handing-over');
    }
  });

  test(`where the last candidate of a transfer ${name} before it claims, the leader leads as before`, t => {
    for (const to of [undefined, 2]) {
      const log = ledByA('overlap');
      const { readyAt } = log.group.led!;
      log.say('b', transfer(to));
      t.is(log.led, 'a preparing');
      if (to === undefined) t.is(end(log, 'c').led, 'a preparing');
      t.is(end(log, 'b').led, 'a ready');
      t.is(log.group.led!.readyAt, readyAt);
      t.deepEqual([log.group.avoided, log.group.wanted], [undefined, undefined]);
    }
  });
}

test('a successor that fails in a transfer may be asked for again', t => {
  const log = ledByA('overlap').say('c', transfer(2));
  log.say('b', claim(log.term));
  log.say('b', resign(nextOf(log), 'failed'));
  t.is(log.led, 'a ready');
  t.is(log.say('c', transfer(2)).led, 'a preparing');
});

test('a transfer that a member asked for just before it left counts', t => {
  const log = ledByA().say('c', { k: 'leave', group: 'g' }).say('c', transfer(2));
  t.is(log.led, 'a handing-over');
});

test('a successor that dies when it is prepared changes nothing for the leader that hands over', t => {
  const log = ledByA('overlap');
  const { term } = log;
  log.say('a', yields(term)).say('b', claim(term));
  log.say('b', prepared(log.group.led!.successor!.next)).exit('2');
  t.is(log.led, 'a handing-over');
});

test('a transfer makes the leader hand over, and names who is wanted', t => {
  const log = ledByA().say('b', transfer(3));
  t.is(log.led, 'a handing-over');
  t.is(log.group.wanted, 'c');
  log.say('a', resign(log.term)).say('c', claim(log.term)).say('c', ready(log.term));
  t.is(log.group.wanted, undefined);
});

test('a transfer to nobody in particular only avoids the leader', t => {
  const log = ledByA().say('b', transfer());
  t.is(log.led, 'a handing-over');
  t.is(log.group.wanted, undefined);
  t.is(log.group.avoided, 'a');
});

test('a transfer to a non-candidate, or while nobody is ready, changes nothing', t => {
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

test('why a leader can not be reached stands with its term, until it can', t => {
  const log = ledByA();
  const offers = (more: object) => {
    log.say('a', { k: 'offer', group: 'g', term: log.term, address: '', secret: '', ...more });
    return [log.group.led!.address, log.group.led!.problem];
  };
  t.deepEqual(offers({ address: '/x' }), ['/x', undefined]);
  t.deepEqual(offers({ problem: 'no room' }), [undefined, 'no room']);
  t.deepEqual(offers({ address: '/y' }), ['/y', undefined]);
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
