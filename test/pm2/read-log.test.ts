import test from 'ava';
import { EMPTY_LOG, readLog, requestOf } from '../../lib/pm2/read-log.js';
import type { ControlFrame } from '../../lib/protocol/messages.js';
import { claim, join, Log, ledByA, prepared, ready, resign, T0, transfer, yields } from '../helpers/pm2/log.js';

test('the first claim on a vacant group leads, and a later one changes nothing', t => {
  const log = new Log().enter('a', 'b').send('a', join()).send('b', join());
  t.is(log.led, 'vacant');
  log.send('b', claim(0)).send('a', claim(0));
  t.is(log.led, 'b opening');
  log.send('b', ready(log.term, ['get']));
  t.is(log.led, 'b leading');
  t.deepEqual(log.group.methods, ['get']);
});

test("a term is the daemon's clock, and more than the last one", t => {
  const log = new Log().enter('a').send('a', join()).send('a', claim(0));
  t.is(log.term, log.at);
  log.at = T0 - 500;
  const { term } = log;
  log.send('a', resign(term)).send('a', claim(term));
  t.is(log.term, term + 1);
});

test('a group that comes again goes on from its last term', t => {
  const log = ledByA();
  const { term } = log;
  for (const id of ['a', 'b', 'c']) log.send(id, { k: 'leave', group: 'g' });
  t.deepEqual(log.state.groups, {});
  log.at = 0;
  log.send('a', join()).send('a', claim(0));
  t.is(log.led, 'vacant');
  log.send('a', claim(term));
  t.is(log.term, term + 1);
});

test('a claim after a term that is over changes nothing', t => {
  const log = ledByA();
  const { term } = log;
  log.send('a', resign(term)).send('b', claim(0));
  t.is(log.led, 'vacant');
  log.send('b', claim(term));
  t.is(log.led, 'b opening');
});

test('a living leader is only deposed by who names its last packet', t => {
  const log = ledByA();
  const { term } = log;
  log.send('b', claim(term));
  t.is(log.led, 'a leading');
  const seen = log.seen('a');
  log.send('a', { k: 'heartbeat', n: 1 }).send('b', claim(term, seen));
  t.is(log.led, 'a leading');
  log.send('a', claim(term, log.seen('a') + 1));
  t.is(log.led, 'a leading', 'not even by itself');
  log.send('b', claim(term, log.seen('a'))).send('c', claim(term, log.seen('a')));
  t.is(log.led, 'b opening');
});

for (const [name, end] of [
  ['dies', (log: Log) => log.exit('1')],
  ['resigns', (log: Log) => log.send('a', resign(log.term))],
  ['leaves', (log: Log) => log.send('a', { k: 'leave', group: 'g' })],
  ['parts', (log: Log) => log.send('a', { k: 'part' })],
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
  const log = new Log().send('a', join()).send('a', claim(0));
  t.deepEqual(log.state, EMPTY_LOG);
  log.enter('a').send('a', claim(0)).send('b', join());
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
  for (const word of words) log.send('b', word);
  for (const word of [yields(term - 1), resign(term - 1), ready(term - 1), ready(term)]) log.send('a', word);
  t.deepEqual(log.group, before);
});

test('where a peer listened is forgotten once it has removed that, and only that', t => {
  const log = ledByA().send('a', { k: 'address', address: '/x' });
  const addressOf = () => log.state.peers.a!.address;
  log.send('a', { k: 'address', address: '/old', gone: true });
  t.is(addressOf(), '/x');
  log.send('b', { k: 'address', address: '/x', gone: true });
  t.is(addressOf(), '/x');
  log.send('a', { k: 'address', address: '/x', gone: true });
  t.false('address' in log.state.peers.a!);
});

test('who has left is not heard, but for a transfer that it asked for before', t => {
  const log = ledByA().send('c', { k: 'leave', group: 'g' });
  const { term } = log;
  const before = log.group;
  log.send('c', { k: 'resign', group: 'g', term, cause: 'resigned' }, claim(term, log.seen('a')));
  t.is(log.group, before);
  t.is(log.send('c', transfer(2)).led, 'a handing-over');
});

test('a claim after another term, of who is no member, or of an ineligible member changes nothing', t => {
  const log = ledByA();
  const { term } = log;
  log.send('c', { k: 'leave', group: 'g' }).send('a', resign(term));
  for (const [who, after] of [
    ['b', term - 1],
    ['b', term + 1],
    ['c', term],
  ] as const)
    t.is(log.send(who, claim(after)).led, 'vacant');
  t.is(log.send('b', join('g', { eligible: false }), claim(term)).led, 'vacant');
});

test('a silent successor gives way to who claims, and to nobody where its leader says so', t => {
  for (const [who, led] of [
    ['c', 'a preparing then c'],
    ['a', 'a preparing'],
  ] as const) {
    const log = ledByA('overlap').send('a', transfer());
    log.send('b', claim(log.term));
    const next = log.successor.term;
    log.send(who, claim(next, log.seen('b') - 1)).send('b', claim(next, log.seen('b')));
    t.is(log.led, 'a preparing then b', 'not by who names an older packet, nor by itself');
    t.is(log.send(who, claim(next, log.seen('b'))).led, led);
    t.true(log.group.members.b!.isSilent);
    t.is(log.send('b', { k: 'heartbeat', n: 1 }).group.members.b!.isSilent, undefined);
  }
});

test('a silent successor that was asked for makes its transfer fail, and the leader leads on', t => {
  const log = ledByA('overlap').send('a', transfer(2));
  const { term } = log;
  log.send('b', claim(term));
  log.send('c', claim(log.successor.term, log.seen('b')));
  t.is(log.led, 'a leading');
  t.is(log.term, term);
  t.deepEqual(log.settled, [{ request: requestOf('a', 1), failed: 'failed' }]);
});

test('who was silent is no candidate until it is heard', t => {
  const log = ledByA();
  log.send('b', claim(log.term, log.seen('a')));
  t.true(log.group.members.a!.isSilent);
  log.send('b', ready(log.term)).send('c', transfer(1));
  t.is(log.settled.at(-1)!.failed, 'no candidate');
  t.is(log.send('a', transfer(1)).led, 'b handing-over', 'its own words are a sign of life');
});

test('of several groups that are forgotten the highest term stays', t => {
  const log = ledByA();
  const { term } = log;
  log.send('a', join('h')).send('b', { k: 'leave', group: 'g' }).send('c', { k: 'leave', group: 'g' });
  log.send('a', { k: 'leave', group: 'g' }).send('a', { k: 'leave', group: 'h' });
  t.is(log.state.lastTerm, term);
  log.send('b', join('i')).send('b', { k: 'leave', group: 'i' });
  t.is(log.state.lastTerm, term);
});

test('a process that dies takes all that it had with it', t => {
  const log = ledByA().send('a', join('h')).send('b', join('h'));
  log.send('d', { k: 'enter', process: '1', workerId: 1, pid: 101, heartbeatMs: 500, leaderTimeoutMs: 3000 });
  log.send('d', join('h')).exit('1');
  t.deepEqual(Object.keys(log.state.peers), ['b', 'c']);
  t.deepEqual(Object.keys(log.state.groups.g!.members), ['b', 'c']);
  t.deepEqual(Object.keys(log.state.groups.h!.members), ['b']);
});

test('each end of a term has its cause', t => {
  const causes = [
    (log: Log) => log.exit('1'),
    (log: Log) => log.send('a', { k: 'part' }),
    (log: Log) => log.send('a', { k: 'leave', group: 'g' }),
    (log: Log) => log.send('a', resign(log.term, 'broken')),
    (log: Log) => log.send('b', claim(log.term, log.seen('a'))),
  ].map(end => end(ledByA()).group.cause);
  t.deepEqual(causes, ['exited', 'disconnected', 'resigned', 'broken', 'silent']);
});

test('what a packet was numbered counts for who enters with it', t => {
  const log = new Log().send('a').send('a').enter('a');
  t.is(log.seen('a'), 3);
});

test('a state that an entry leaves alone stays the same object, but for what was heard', t => {
  const { state } = ledByA();
  t.is(readLog(state, { type: 'exit', process: '9', at: T0 }).log, state);
});

test('a group is handed over by claims: the first one prepares, and leads after the leader has resigned', t => {
  const log = ledByA('overlap');
  log.send('a', yields(log.term));
  const { term } = log;
  t.is(log.led, 'a preparing');
  log.send('b', claim(term)).send('c', claim(term));
  t.is(log.led, 'a preparing then b');
  const next = log.successor.term;
  t.is(log.send('b', prepared(next)).led, 'a handing-over then b');
  t.is(log.send('a', resign(term)).led, 'b leading');
  t.is(log.term, next);
  t.deepEqual(log.group.methods, ['next']);
});

test('a transfer names a worker, and becomes one to its member', t => {
  const log = ledByA().send('b', transfer(3));
  t.is(log.led, 'a handing-over');
  t.deepEqual(log.group.transfer, { request: requestOf('b', 1), from: 'a', to: 'c' });
  log.send('a', resign(log.term)).send('c', claim(log.term)).send('c', ready(log.term));
  t.is(log.group.transfer, undefined);
  t.deepEqual(log.settled, [{ request: requestOf('b', 1) }]);
});

/** Why a transfer that b asks for doesn't come about. */
const REFUSED: readonly (readonly [why: string | undefined, request: ControlFrame, log: () => Log])[] = [
  ['no candidate', transfer(9), ledByA],
  ['no candidate', transfer(3), () => ledByA().send('c', join('g', { eligible: false }))],
  [
    'no candidate',
    transfer(),
    () =>
      ledByA()
        .exit('3')
        .send('b', join('g', { eligible: false })),
  ],
  ['vacant', transfer(), () => ledByA().exit('1')],
  ['no group', { ...transfer(2), group: 'h' } as ControlFrame, ledByA],
  [undefined, transfer(1), ledByA],
];

test('a transfer that can not begin is answered at once', t => {
  for (const [failed, request, start] of REFUSED) {
    const { settled } = start().send('b', request);
    t.deepEqual(settled, [{ request: requestOf('b', 1), ...(failed && { failed }) }]);
  }
});

test('a transfer has failed with its group', t => {
  const log = ledByA().send('b', transfer(2));
  for (const process of ['2', '3', '1']) log.exit(process);
  t.deepEqual(log.settled, [{ request: requestOf('b', 1), failed: 'failed' }]);
});

test("the leader's address stands with its term", t => {
  const log = ledByA();
  log.send('a', { k: 'offer', group: 'g', term: log.term, address: '/x', secret: '' });
  t.is(log.group.offer?.address, '/x');
});

test('why a leader can not be reached stands with its term, until it can', t => {
  const log = ledByA();
  const offers = (more: object) => {
    log.send('a', { k: 'offer', group: 'g', term: log.term, address: '', secret: '', ...more });
    return [log.group.offer?.address, log.group.offer?.problem];
  };
  t.deepEqual(offers({ address: '/x' }), ['/x', undefined]);
  t.deepEqual(offers({ problem: 'no room' }), [undefined, 'no room']);
  t.deepEqual(offers({ address: '/y' }), ['/y', undefined]);
});

test('the address of a worker stands with it, until it enters anew', t => {
  const log = new Log().send('a', { k: 'address', address: '/x' }).enter('a');
  t.is(log.state.peers.a!.address, undefined);
  log.send('a', { k: 'address', address: '/x' }).send('a', { k: 'address', address: '/y' });
  t.is(log.state.peers.a!.address, '/y');
  t.is(log.enter('a').state.peers.a!.address, undefined);
});

test('a group may have the name of what every object inherits', t => {
  const log = new Log().enter('a').send('a', claim(0, undefined, 'toString'));
  for (const name of ['__proto__', 'constructor']) log.send('a', join(name)).send('a', claim(0, undefined, name));
  t.deepEqual(Object.keys(log.state.groups), ['__proto__', 'constructor']);
  const copy = JSON.parse(JSON.stringify(log.state)) as typeof log.state;
  t.deepEqual(copy, log.state);
});
