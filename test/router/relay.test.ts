import test from 'ava';
import { droppedWithdrawals } from '../../lib/errors/warnings.js';
import { ABOUT, EXT, Kind } from '../../lib/protocol/bundle.js';
import { bytesOf } from '../../lib/protocol/frames.js';
import type { Slice } from '../../lib/protocol/messages.js';
import { WINDOW_BYTES } from '../../lib/protocol/outbox.js';
import { MOST_WITHDRAWALS } from '../../lib/protocol/withdrawals.js';
import { routerStatus } from '../../lib/router/router-status.js';
import { bundle, frameWords } from '../helpers/unit/frames.js';
import { join, UnitPrimary } from '../helpers/unit/primary.js';

/** Worker 1 leads `g`; the others follow. */
function setUp(options?: ConstructorParameters<typeof UnitPrimary>[0], ids: readonly number[] = [1, 2, 3]) {
  const primary = new UnitPrimary(options);
  for (const id of ids) primary.join(id, 'g');
  const term = primary.lead(1);
  for (const id of ids) primary.sentTo(id);
  return { primary, term };
}

const call = (id: number) => ({ kind: Kind.CALL, id, value: ['get', null, []] });
const result = (id: number, value: unknown = 0) => ({ kind: Kind.RESULT, id, value });
const value = (id: number, of: unknown) => ({ kind: Kind.VALUE, id, value: of });

/** As a value just enough to fill the window of one channel. */
const MUCH = 'x'.repeat(WINDOW_BYTES - bytesOf({ g: 'g', t: 5, h: [0, 0, 0, 0], x: '[""]' }));

/** As the argument of a call. */
const MUCH_TO_PUT = MUCH.slice('[]'.length + 'put'.length + 16);

test('what a follower says reaches the leader with who said it', t => {
  const { primary, term } = setUp();
  primary.data(2, bundle({ term, number: 1 }, call(7)));
  const [got] = primary.got(1);
  const m = ['get', Number.POSITIVE_INFINITY];
  t.deepEqual(got, { g: 'g', t: term, n: 1, f: 2, h: [Kind.CALL + ABOUT, 7, 2, 0], x: '[[]]', m });
});

test('what the leader says reaches those it names, and nobody learns who else did', t => {
  const { primary, term } = setUp();
  primary.data(1, bundle({ term, to: [2] }, result(7)), bundle({ term, to: [2, 3] }, value(5, 'v')));
  t.deepEqual(primary.got(2), [bundle({ term }, result(7)), bundle({ term }, value(5, 'v'))]);
  t.deepEqual(frameWords(primary.got(3)), ['VALUE 5 "v"']);
});

test('what the leader says to all reaches every other member', t => {
  const { primary, term } = setUp();
  primary.join(4, 'h');
  primary.data(1, bundle({ term, to: '*' }, { kind: Kind.EVENT, id: 0, value: ['up'] }));
  t.deepEqual(frameWords(primary.got(2)), ['EVENT 0 ["up"]']);
  t.deepEqual(frameWords(primary.got(3)), ['EVENT 0 ["up"]']);
  t.deepEqual(primary.got(1), []);
  t.deepEqual(primary.got(4), []);
});

test('parts and the block of strings travel along', t => {
  const { primary, term } = setUp();
  const parts = { p: [3, new Uint8Array([1])], q: Buffer.from('abc') };
  primary.data(2, { ...bundle({ term }, call(7)), h: [(Kind.CALL | EXT) + ABOUT, 7, 2, 2], ...parts });
  t.like(primary.got(1)[0], parts);
  primary.data(1, { ...bundle({ term, to: [2] }, result(7)), h: [Kind.RESULT | EXT, 7, 1, 2], ...parts });
  t.like(primary.got(2)[0], parts);
});

test('a value for members of which some have died reaches the others', t => {
  const { primary, term } = setUp();
  primary.closed(3);
  primary.exited(3);
  primary.got(1);
  primary.data(1, bundle({ term, to: [2, 3, 4] }, value(5, 'v')));
  t.deepEqual(frameWords(primary.got(2)), ['VALUE 5 "v"']);
});

test('a member that is named many times more than there are members gets it once', t => {
  const { primary, term } = setUp();
  primary.data(1, bundle({ term, to: [2, 2, 2, 2] }, value(5, 'v')));
  t.deepEqual(frameWords(primary.got(2)), ['VALUE 5 "v"']);
});

const DROPPED: readonly [title: string, say: (setUp: { primary: UnitPrimary; term: number }) => void][] = [
  ['of an unknown group', ({ primary, term }) => primary.data(2, bundle({ term, group: 'h' }, call(7)))],
  ['of an older term', ({ primary, term }) => primary.data(2, bundle({ term: term - 1 }, call(7)))],
  ['of a newer term', ({ primary, term }) => primary.data(2, bundle({ term: term + 1 }, call(7)))],
  ['of a worker that is no member', ({ primary, term }) => primary.data(4, bundle({ term }, call(7)))],
  ['of a worker that never said hello', ({ primary, term }) => primary.data(9, bundle({ term }, call(7)))],
  [
    'of a follower that speaks as if it led',
    ({ primary, term }) => primary.data(2, bundle({ term, to: [3] }, value(1, 1))),
  ],
  ['for who is no member', ({ primary, term }) => primary.data(1, bundle({ term, to: [4, 9] }, value(1, 1)))],
  ['for the leader itself', ({ primary, term }) => primary.data(1, bundle({ term, to: [1] }, value(1, 1)))],
];

for (const [title, say] of DROPPED) {
  test(`a bundle ${title} is dropped`, t => {
    const { primary, term } = setUp();
    primary.join(4, 'other');
    for (const id of [1, 2, 3, 4]) primary.got(id);
    say({ primary, term });
    for (const id of [1, 2, 3, 4]) t.deepEqual(primary.got(id), [], `what worker ${id} got`);
  });
}

test('calls for a leader that is not ready are dropped, and come back at the end of its term', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.join(2, 'g');
  const { term } = primary.router.groups.get('g')!;
  primary.data(2, bundle({ term, number: 1 }, call(7)));
  t.deepEqual(primary.got(1), []);
  primary.send(1, { k: 'resign', group: 'g', term, cause: 'resigned' });
  t.deepEqual(frameWords(primary.got(2)), ['END 0 0']);
});

test('the end of a term tells each member which of its bundles was the last to arrive', t => {
  const { primary, term } = setUp();
  primary.data(2, bundle({ term, number: 1 }, call(7)), bundle({ term, number: 2 }, call(8)));
  primary.closed(1);
  primary.data(2, bundle({ term, number: 3 }, call(9)));
  primary.exited(1);
  t.deepEqual(frameWords(primary.got(2)), ['END 2 0']);
  t.deepEqual(frameWords(primary.got(3)), ['END 0 0']);
});

for (const end of ['resign', 'leave'] as const) {
  test(`what a leader had not read when it gave its term back by ${end} is its callers' own again`, t => {
    const { primary, term } = setUp();
    for (const number of [1, 2, 3]) primary.data(2, bundle({ term, number }, call(number)));
    primary.data(3, bundle({ term, number: 1 }, call(1)));
    primary.send(1, {
      k: end,
      group: 'g',
      term,
      read: [2, 2],
      ...(end === 'resign' && { cause: 'resigned' }),
    } as never);
    t.is(frameWords(primary.got(2))[0], 'END 2 0');
    t.is(frameWords(primary.got(3))[0], 'END 0 0');
  });
}

test('what a leader says that it has read counts for its own term alone, and not beyond what it was sent', t => {
  const { primary, term } = setUp();
  primary.data(2, bundle({ term, number: 1 }, call(1)), bundle({ term, number: 2 }, call(2)));
  primary.send(2, { k: 'resign', group: 'g', term, cause: 'resigned', read: [2, 0] });
  primary.send(1, { k: 'resign', group: 'g', term: term - 1, cause: 'resigned', read: [2, 0] });
  primary.send(1, { k: 'resign', group: 'g', term, cause: 'resigned', read: [2, 9, 3] });
  t.deepEqual(frameWords(primary.got(2)), ['END 2 0']);
});

test('what arrived of a term counts for that term alone', t => {
  const { primary, term } = setUp();
  primary.data(2, bundle({ term, number: 9 }, call(7)));
  primary.send(1, { k: 'resign', group: 'g', term, cause: 'resigned' });
  const next = primary.router.groups.get('g')!;
  primary.got(2);
  primary.send(next.leader!, { k: 'ready', group: 'g', term: next.term, methods: [] });
  primary.send(next.leader!, { k: 'resign', group: 'g', term: next.term, cause: 'resigned' });
  t.deepEqual(frameWords(primary.got(2)), ['END 0 0']);
});

test('calls that the channel to the leader has not begun to take go back to their callers', t => {
  const { primary, term } = setUp();
  primary.end.stopReading(1);
  primary.data(2, bundle({ term, number: 1 }, { kind: Kind.CALL, id: 7, value: ['put', null, [MUCH_TO_PUT]] }));
  primary.data(2, bundle({ term, number: 2 }, call(8), { kind: Kind.SUBSCRIBE, id: 9, value: ['all', 't'] }));
  primary.data(3, bundle({ term, number: 1 }, { kind: Kind.PUBLISH, id: 4, value: [null, null, []] }, call(5)));
  primary.data(3, bundle({ term, number: 2 }, { kind: Kind.CANCEL, id: 4, value: [0, 'why'] }));
  primary.closed(1);
  t.deepEqual(frameWords(primary.got(2)), ['RETURNED 8 0', 'END 2 0']);
  t.deepEqual(frameWords(primary.got(3)), ['RETURNED 4 0', 'RETURNED 5 0', 'END 2 0']);
});

test('what waits for the leader in other groups stays where it is when a term ends', t => {
  const primary = new UnitPrimary();
  for (const id of [1, 2]) primary.join(id, 'g', 'h');
  const [term, other] = [primary.lead(1, 'g'), primary.lead(1, 'h')];
  primary.got(1);
  primary.end.stopReading(1);
  primary.data(2, bundle({ term, number: 1 }, { kind: Kind.CALL, id: 7, value: ['put', null, [MUCH_TO_PUT]] }));
  primary.data(2, bundle({ term: other, group: 'h', number: 1 }, call(8)), bundle({ term, number: 2 }, call(9)));
  primary.send(1, { k: 'resign', group: 'g', term, cause: 'resigned' });
  primary.end.startReading(1);
  primary.clock.tick();
  t.deepEqual(frameWords(primary.got(1)).slice(1), ['CALL 8 ["get",null,[]]', 'END 0 0']);
  t.true(frameWords(primary.got(2)).includes('RETURNED 9 0'));
});

test('a caller that died meanwhile gets nothing back', t => {
  const { primary, term } = setUp();
  primary.end.stopReading(1);
  primary.data(2, bundle({ term, number: 1 }, { kind: Kind.CALL, id: 7, value: ['put', null, [MUCH_TO_PUT]] }));
  primary.data(2, bundle({ term, number: 2 }, call(8)));
  primary.closed(2);
  primary.exited(2);
  primary.closed(1);
  t.deepEqual(frameWords(primary.got(3)), ['END 0 0']);
});

test('the leader hears that a member has gone after all that it sent', t => {
  const { primary, term } = setUp();
  primary.data(2, bundle({ term }, call(7)));
  primary.send(2, { k: 'leave', group: 'g' });
  t.deepEqual(frameWords(primary.got(1)), ['CALL 7 ["get",null,[]]', 'MEMBER_LEFT 2 0']);
  primary.closed(3);
  t.deepEqual(frameWords(primary.got(1)), ['MEMBER_LEFT 3 0']);
});

test('a leader that hands over gets no more calls, only what its callers cancel', t => {
  const { primary, term } = setUp();
  primary.data(2, bundle({ term, number: 1 }, call(7)));
  primary.router.transfer('g', 2, () => {});
  primary.clock.tick();
  primary.got(1);
  primary.data(
    2,
    bundle({ term, number: 2 }, call(8), { kind: Kind.CANCEL, id: 7, value: [0, 'why'] }),
    bundle({ term, number: 3 }, { kind: Kind.SUBSCRIBE, id: 9, value: ['all', 't'] }),
  );
  t.deepEqual(frameWords(primary.got(1)), ['CANCEL 7 [0,"why"]']);
  t.deepEqual(frameWords(primary.got(2)), ['RETURNED 8 0']);
  primary.send(1, { k: 'resign', group: 'g', term, cause: 'resigned' });
  t.deepEqual(frameWords(primary.got(2)), ['END 1 0']);
});

test('the word to hand over comes after the calls that were passed on', t => {
  const { primary, term } = setUp();
  primary.end.stopReading(1);
  primary.data(
    2,
    bundle({ term, number: 1 }, { kind: Kind.CALL, id: 7, value: ['put', null, [MUCH_TO_PUT]] }),
    bundle({ term, number: 2 }, call(8)),
  );
  primary.router.transfer('g', 2, () => {});
  primary.clock.tick();
  t.false(primary.sentTo(1).some(frame => frame.k === 'handover'));
  primary.end.startReading(1);
  primary.clock.tick();
  t.is(
    primary.end.sent.findIndex(({ packet }) => packet.c?.[0]?.k === 'handover'),
    primary.end.sent.findIndex(({ packet }) => packet.d) + 1,
  );
});

test('calls for a leader that does not read are refused, and all else is passed on', t => {
  const { primary, term } = setUp({ maxQueuedBytes: 2_000_000 });
  primary.end.stopReading(1);
  const put = (id: number) => ({ kind: Kind.CALL, id, value: ['put', null, [MUCH_TO_PUT]] });
  for (const id of [1, 2]) primary.data(2, bundle({ term, number: id }, put(id)));
  primary.data(2, bundle({ term, number: 3 }, put(3), { kind: Kind.UNSUBSCRIBE, id: 9 }, call(4)));
  t.deepEqual(frameWords(primary.got(2)), ['OVERLOADED 3 0', 'OVERLOADED 4 0']);
  primary.data(2, bundle({ term, number: 4 }, put(5)));
  t.deepEqual(frameWords(primary.got(2)), ['OVERLOADED 5 0']);
  primary.end.startReading(1);
  primary.clock.tick();
  t.deepEqual(
    frameWords(primary.got(1)).map(words => words.slice(0, 14)),
    ['CALL 1 ["put",', 'CALL 2 ["put",', 'UNSUBSCRIBE 9 '],
  );
});

test('of values for a worker that does not read the newest stay, and results end their calls', t => {
  const { primary, term } = setUp({ maxQueuedBytes: 2_000_000 });
  primary.end.stopReading(2);
  const leader = (...frames: Parameters<typeof bundle>[1][]) => primary.data(1, bundle({ term, to: [2] }, ...frames));
  leader(value(5, MUCH));
  leader(value(5, MUCH));
  leader(value(5, `${MUCH.slice(1)}1`), result(7, MUCH), { kind: Kind.SUBSCRIBED, id: 8, value: 6 });
  leader(value(5, `${MUCH.slice(1)}2`), { kind: Kind.ERROR, id: 9, value: 'no' });
  primary.end.startReading(2);
  primary.clock.tick();
  const words = frameWords(primary.got(2)).map(each =>
    each.length > 40 ? `${each.slice(0, 9)}…${each.slice(-3)}` : each,
  );
  t.deepEqual(words, [
    'VALUE 5 "…xx"',
    'VALUE 5 "…xx"',
    'OVERLOADED 7 1',
    'OVERLOADED 9 1',
    'SUBSCRIBED 8 6',
    'GAP 5 0',
    'VALUE 5 "…x2"',
  ]);
});

test('a value does not overtake those that are kept back, though there is room for it', t => {
  const { primary, term } = setUp({ maxQueuedBytes: 2_000_000 });
  primary.end.stopReading(2);
  const leader = (...frames: Parameters<typeof bundle>[1][]) => primary.data(1, bundle({ term, to: [2] }, ...frames));
  leader(value(5, MUCH));
  leader(value(6, MUCH));
  leader(value(5, `${MUCH.slice(1)}1`));
  leader(value(5, 'newest'), result(7));
  primary.end.startReading(2);
  primary.clock.tick();
  const words = frameWords(primary.got(2)).map(each => each.slice(0, 16));
  t.deepEqual(words, ['VALUE 5 "xxxxxxx', 'VALUE 6 "xxxxxxx', 'RESULT 7 0', 'GAP 5 0', 'VALUE 5 "newest"']);
});

test('values that are kept back count, and come as long as there is room', t => {
  const { primary, term } = setUp({ maxQueuedBytes: 2_000_000 });
  const { outbox } = primary.router.workers.get(2)!;
  primary.end.stopReading(2);
  for (const id of [1, 2, 3, 4, 5]) primary.data(1, bundle({ term, to: [2] }, value(id, MUCH)));
  const counted = routerStatus(primary.router).queuedBytes;
  // One is on its way, and what is kept back costs an entry each.
  t.true(counted >= 4 * WINDOW_BYTES && counted < 4 * WINDOW_BYTES + 4 * 500, `${counted}`);
  for (const id of [1, 2, 3, 4, 5]) {
    t.is(frameWords(primary.got(2))[0]?.slice(0, 7), `VALUE ${id}`);
    t.true(outbox.queuedBytes <= 2 * WINDOW_BYTES, `${outbox.queuedBytes}`);
    primary.end.readOne(2);
    primary.clock.tick();
  }
  t.is(routerStatus(primary.router).queuedBytes, 0);
});

test('what waits for all workers together is bounded, but a little passes to each', t => {
  const { primary, term } = setUp({ maxQueuedTotalBytes: 2_000_000 });
  primary.end.stopReading(2);
  primary.end.stopReading(3);
  for (const to of [2, 2, 3, 3]) primary.data(1, bundle({ term, to: [to] }, value(5, MUCH)));
  primary.data(1, bundle({ term, to: [3] }, value(6, 'small')));
  t.is(primary.router.workers.get(3)!.backlog.size, 1);
  primary.end.startReading(2);
  primary.data(1, bundle({ term, to: [2] }, value(6, 'small')));
  t.true(frameWords(primary.got(2)).includes('VALUE 6 "small"'));
  primary.end.startReading(3);
  primary.clock.tick();
  t.is(primary.router.workers.get(3)!.backlog.size, 0);
});

test('the values that were kept of a term are forgotten when it ends', t => {
  const { primary, term } = setUp({ maxQueuedBytes: 2_000_000 });
  primary.end.stopReading(2);
  for (let i = 0; i < 3; i++) primary.data(1, bundle({ term, to: [2] }, value(5, MUCH)));
  const { backlog } = primary.router.workers.get(2)!;
  t.is(backlog.size, 1);
  primary.closed(1);
  t.is(backlog.size, 0);
});

test('frames and bytes that were passed on are counted', t => {
  const { primary, term } = setUp();
  primary.data(2, bundle({ term, number: 1 }, call(7), call(8)));
  primary.data(1, bundle({ term, to: '*' }, value(5, 'v')));
  t.like(primary.router.traffic, { bundles: 2, frames: 3 });
  t.true(primary.router.traffic.bytes > 20);
});

test('a flood of subscriptions, and of what takes them and calls back, is refused or waits once for each', t => {
  const { primary, term } = setUp({ maxQueuedBytes: 2_000_000 });
  primary.end.stopReading(1);
  const leader = primary.router.workers.get(1)!;
  for (const id of [1, 2])
    primary.data(2, bundle({ term, number: id }, { kind: Kind.CALL, id, value: ['put', null, [MUCH_TO_PUT]] }));
  const much = { kind: Kind.SUBSCRIBE, id: 3, value: ['all', MUCH] };
  primary.data(2, bundle({ term }, much, { kind: Kind.UNSUBSCRIBE, id: 3 }));
  t.deepEqual(frameWords(primary.got(2)), ['OVERLOADED 3 0']);
  primary.data(2, bundle({ term }, { kind: Kind.CANCEL, id: 1, value: [1, MUCH] }, { kind: Kind.SWITCH, id: 5 }));
  const full = leader.outbox.queuedBytes;
  primary.data(2, bundle({ term }, { ...much, id: 4 }));
  primary.data(2, bundle({ term }, { kind: Kind.CANCEL, id: 2, value: [0, MUCH] }, { kind: Kind.UNSUBSCRIBE, id: 4 }));
  for (let i = 0; i < 1000; i++) primary.data(2, bundle({ term }, { kind: Kind.CANCEL, id: 2, value: [0, MUCH] }));
  t.is(leader.outbox.queuedBytes, full);
  t.true(leader.queuedBytes > full && leader.queuedBytes < full + 1000, `${leader.queuedBytes - full}`);
  primary.end.startReading(1);
  primary.clock.tick();
  t.deepEqual(
    frameWords(primary.got(1)).map(words => words.slice(0, 18)),
    ['CALL 1 ["put",null', 'CALL 2 ["put",null', 'SWITCH 5 0', 'CANCEL 1 [1,[1]]', 'CANCEL 2 [0,[1]]'],
  );
  t.is(leader.queuedBytes, 0);
});

test('a leader that processes nothing while more is taken back than is kept is a warning, until it has room again', t => {
  const { primary, term } = setUp({ maxQueuedBytes: 1_000_000 });
  const fill = () => {
    primary.end.stopReading(1);
    for (const id of [1, 2])
      primary.data(2, bundle({ term, number: id }, { kind: Kind.CALL, id, value: ['put', null, [MUCH_TO_PUT]] }));
    for (let id = 0; id <= MOST_WITHDRAWALS; id += 1000) {
      const frames = Array.from({ length: 1000 }, (_, i) => ({ kind: Kind.UNSUBSCRIBE, id: id + i }));
      primary.data(2, bundle({ term }, ...frames));
    }
  };
  const warnings = () => primary.events.splice(0).filter(({ event }) => event === 'warning');
  warnings();
  fill();
  const [warning, ...rest] = warnings();
  t.like(warning!.detail, { name: 'g', workerId: 1, message: droppedWithdrawals(1) });
  t.deepEqual(rest, []);
  t.is(primary.router.workers.get(1)!.withdrawals.size, MOST_WITHDRAWALS);
  primary.end.startReading(1);
  primary.clock.tick();
  const words = frameWords(primary.got(1)).filter(each => each.startsWith('UNSUBSCRIBE'));
  t.is(words.length, MOST_WITHDRAWALS);
  fill();
  t.is(warnings().length, 1);
});

test('what was taken back of a term that is over is forgotten', t => {
  const { primary, term } = setUp({ maxQueuedBytes: 1_500_000 });
  primary.end.stopReading(1);
  for (const id of [1, 2])
    primary.data(2, bundle({ term, number: id }, { kind: Kind.CALL, id, value: ['put', null, [MUCH_TO_PUT]] }));
  primary.data(2, bundle({ term }, { kind: Kind.CANCEL, id: 1, value: [0, MUCH] }));
  t.is(primary.router.workers.get(1)!.withdrawals.size, 1);
  primary.send(1, { k: 'resign', group: 'g', term, cause: 'resigned' });
  t.is(primary.router.workers.get(1)!.withdrawals.bytes, 0);
});

test('what waits keeps no more of a message than itself', t => {
  const { primary, term } = setUp();
  primary.end.stopReading(2);
  const chunk = new Uint8Array(4 * WINDOW_BYTES);
  const small = (id: number) => ({
    ...bundle({ term, to: [2] }, value(id, 0)),
    h: [Kind.VALUE | EXT, id, 1, 1],
    p: [chunk.subarray(8, 24)],
  });
  primary.data(1, bundle({ term, to: [2] }, value(1, MUCH)));
  primary.data(1, small(2), { ...small(3), p: [16], q: chunk.subarray(0, 16) });
  primary.data(1, bundle({ term, to: [2] }, value(4, 0)));
  primary.end.startReading(2);
  primary.clock.tick();
  const [, second, third] = primary.got(2);
  t.is((second!.p![0] as Uint8Array).buffer.byteLength, 16);
  t.is(third!.q!.buffer.byteLength, 16);
  t.is((second!.p![0] as Uint8Array).length, 16);
});

test('values that are kept back keep no more of a message than themselves', t => {
  const { primary, term } = setUp({ maxQueuedBytes: 1_200_000 });
  primary.end.stopReading(2);
  const chunk = new Uint8Array(4 * WINDOW_BYTES);
  for (const id of [1, 2]) primary.data(1, bundle({ term, to: [2] }, value(id, MUCH)));
  const frame = { ...bundle({ term, to: [2] }, value(3, 0)), h: [Kind.VALUE | EXT, 3, 1, 2] };
  primary.data(1, { ...frame, p: [chunk.subarray(8, 24), 'text'] });
  primary.end.startReading(2);
  primary.clock.tick();
  const last = primary.got(2).at(-1)!;
  t.is((last.p![0] as Uint8Array).buffer.byteLength, 16);
});

/** The first slice of a bundle, with more to come. */
const sliced = (bytes: number): Slice => ({
  head: { g: 'g', t: 5, h: [Kind.CALL, 1, 2, 0], x: '', y: 2 * bytes },
  piece: new Uint8Array(bytes),
});

test('slices that wait for the rest count, and are given back when their worker goes, or leaves its last group', t => {
  const ends = {
    exit: (primary: UnitPrimary) => primary.closed(2),
    leave: (primary: UnitPrimary) => primary.send(2, { k: 'leave', group: 'g' }),
  };
  for (const end of Object.values(ends)) {
    const { primary } = setUp();
    primary.receive(2, primary.packet(2, { s: sliced(1000) }));
    const worker = primary.router.workers.get(2)!;
    t.is(worker.queuedBytes, 1000);
    t.is(routerStatus(primary.router).queuedBytes, 1000);
    end(primary);
    t.is(worker.queuedBytes, 0);
  }
});

test('a member that leaves one of its groups loses nothing that it sends in slices to another', t => {
  const { primary } = setUp();
  primary.send(2, join({ group: 'other' }));
  primary.receive(2, primary.packet(2, { s: sliced(1000) }));
  primary.send(2, { k: 'leave', group: 'other' });
  t.is(primary.router.workers.get(2)!.queuedBytes, 1000);
});

test('slices that wait for the rest take of the room that all workers have together', t => {
  const { primary, term } = setUp({ maxQueuedTotalBytes: 4_000_000 });
  primary.end.stopReading(1);
  const put = (id: number) =>
    primary.data(2, bundle({ term, number: id }, { kind: Kind.CALL, id, value: ['put', null, [MUCH_TO_PUT]] }));
  for (const id of [1, 2, 3]) put(id);
  t.deepEqual(primary.got(2), []);
  primary.receive(3, primary.packet(3, { s: sliced(1_000_000) }));
  put(4);
  t.deepEqual(frameWords(primary.got(2)), ['OVERLOADED 4 0']);
  primary.closed(3);
  put(5);
  t.deepEqual(frameWords(primary.got(2)), []);
});

test('while the leader hands over, what is cancelled waits for its room as well', t => {
  const { primary, term } = setUp({ maxQueuedBytes: 1_500_000 });
  primary.end.stopReading(1);
  for (const id of [1, 2])
    primary.data(2, bundle({ term, number: id }, { kind: Kind.CALL, id, value: ['put', null, [MUCH_TO_PUT]] }));
  primary.router.transfer('g', 2, () => {});
  primary.clock.tick();
  primary.data(2, bundle({ term, number: 3 }, { kind: Kind.CANCEL, id: 1, value: [0, MUCH] }));
  t.is(primary.router.workers.get(1)!.withdrawals.size, 1);
  primary.end.startReading(1);
  primary.clock.tick();
  t.is(frameWords(primary.got(1)).at(-1), 'CANCEL 1 [0,[1]]');
});
