// Frames by which a worker passes itself off as somebody else: the primary goes by the channel that they came on.

import test from 'ava';
import { Kind } from '../../lib/protocol/bundle.js';
import type { FromWorker } from '../../lib/protocol/messages.js';
import { bundle } from '../helpers/unit/frames.js';
import { join, UnitPrimary } from '../helpers/unit/primary.js';

const LEADER = 1;
const FORGER = 2;
const VICTIM = 3;

function setUp(): { primary: UnitPrimary; term: number } {
  const primary = new UnitPrimary();
  primary.join(LEADER, 'g');
  primary.join(FORGER, 'g');
  primary.join(VICTIM, 'g', { group: 'theirs', eligible: true });
  const term = primary.lead(LEADER);
  primary.lead(VICTIM, 'theirs');
  for (const id of [LEADER, FORGER, VICTIM]) primary.sentTo(id);
  return { primary, term };
}

test('a call in the name of another goes on in the name of who sent it', t => {
  const { primary, term } = setUp();
  primary.data(FORGER, { ...bundle({ term }, { kind: Kind.CALL, id: 7, value: ['get', null, []] }), f: VICTIM, n: 1 });
  t.deepEqual(
    primary.got(LEADER).map(({ f }) => f),
    [FORGER],
  );
});

test('what only a leader says counts from nobody else', t => {
  const { primary, term } = setUp();
  const value = bundle({ term, to: [VICTIM] }, { kind: Kind.VALUE, id: 1, value: 'forged' });
  primary.data(FORGER, value, { ...value, to: '*' }, { ...value, t: term + 1 });
  t.deepEqual(primary.got(VICTIM), []);
  const words: FromWorker[] = [
    { k: 'ready', group: 'g', term, methods: ['forged'] },
    { k: 'prepared', group: 'g', term, methods: ['forged'] },
    { k: 'prepared', group: 'g', term: term + 1, methods: ['forged'] },
    { k: 'yield', group: 'g', term },
    { k: 'resign', group: 'g', term, cause: 'failed' },
    { k: 'resign', group: 'g', term: term + 1, cause: 'broken' },
  ];
  primary.emitted();
  for (const word of words) primary.send(FORGER, word);
  const group = primary.router.groups.get('g')!;
  t.deepEqual([group.leader, group.term, group.state.at.stage], [LEADER, term, 'leading']);
  t.deepEqual(group.state.methods, ['get']);
  t.deepEqual(primary.emitted(), []);
});

test('heartbeats of a worker that leads nothing are no lease, and keep no other worker alive', t => {
  const { primary } = setUp();
  for (let i = 0; i < 12; i++) {
    primary.clock.advance(500);
    primary.send(FORGER, { k: 'heartbeat', n: i });
    primary.send(VICTIM, { k: 'heartbeat', n: i });
  }
  t.not(primary.router.groups.get('g')!.leader, LEADER);
  t.is(primary.router.groups.get('theirs')!.leader, VICTIM);
});

test('a group that a worker is not in hears nothing of it', t => {
  const { primary } = setUp();
  const { term } = primary.router.groups.get('theirs')!;
  const call = { kind: Kind.CALL, id: 7, value: ['get', null, []] };
  primary.data(FORGER, { ...bundle({ term }, call), g: 'theirs', n: 1 }, { ...bundle({ term }, call), g: '__proto__' });
  primary.send(FORGER, { k: 'leave', group: 'theirs' }, { k: 'resign', group: 'theirs', term, cause: 'broken' });
  t.deepEqual(primary.got(VICTIM), []);
  t.is(primary.router.groups.get('theirs')!.leader, VICTIM);
});

test('a term that is over, or not yet given out, is nobody’s', t => {
  const { primary, term } = setUp();
  const call = (t: number) => bundle({ term: t }, { kind: Kind.CALL, id: 7, value: ['get', null, []] });
  primary.data(FORGER, call(term - 1), call(term + 1), call(0), call(Number.MAX_SAFE_INTEGER));
  t.deepEqual(primary.got(LEADER), []);
});

test('a frame that names a member a hundred thousand times is passed on to it once', t => {
  const { primary, term } = setUp();
  const to = Array.from({ length: 100_000 }, () => VICTIM);
  primary.data(LEADER, bundle({ term, to }, { kind: Kind.VALUE, id: 1, value: 'x' }));
  t.is(primary.got(VICTIM).length, 1);
});

test('another hello on the same channel ends what the worker had, and nothing of the others', t => {
  const { primary } = setUp();
  primary.hello(FORGER, `id-${VICTIM}`);
  primary.send(FORGER, join({ group: 'g' }));
  t.is(primary.router.workers.get(VICTIM)!.id, `id-${VICTIM}`);
  t.deepEqual([...primary.router.groups.get('g')!.members.keys()], [LEADER, VICTIM, FORGER]);
});
