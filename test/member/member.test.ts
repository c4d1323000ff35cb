// What only shows between the parts of a member; the whole of it is the affair of the system ring.

import test from 'ava';
import { Member } from '../../lib/member/member.js';
import type { MemberObserver } from '../../lib/member/observer.js';
import { Kind } from '../../lib/protocol/bundle.js';
import type { FromPrimary, StateUpdate } from '../../lib/protocol/messages.js';
import { defer } from '../../lib/utils/deferred.js';
import { microtasks } from '../helpers/clocks/unit-clock.js';
import { bundle, bundlesOf, frameWords } from '../helpers/unit/frames.js';
import { memberOptions } from '../helpers/unit/leader.js';
import { UnitLink } from '../helpers/unit/link.js';

class Observer implements MemberObserver {
  readonly isClosed = false;
  readonly received: string[] = [];

  leader = ({ term }: { term: number }): void => void this.received.push(`leader ${term}`);
  follower = ({ term }: { term: number }): void => void this.received.push(`follower ${term}`);
  error = (error: unknown): void => void this.received.push(`error ${(error as Error).message}`);
  warning = (message: string): void => void this.received.push(`warning ${message}`);
  upstream = (event: string, copy: () => unknown[]): void => void this.received.push(`${event} ${copy()}`);
  methods = (): void => {};
  close = async (): Promise<void> => {};
}

class UnitMember {
  readonly unit = new UnitLink();
  readonly observer = new Observer();
  opens: number[] = [];
  closes = 0;
  /** What `open()` waits for. */
  opening = defer();
  /** What the real client's `close()` waits for. */
  closing = defer();
  readonly #options = memberOptions(
    (async (context: { term: number }) => {
      this.opens.push(context.term);
      await this.opening.promise;
      return { close: () => this.#close() };
    }) as () => unknown,
    { drainTimeoutMs: 5000 },
  );
  member = this.#create();

  constructor() {
    this.opening.resolve();
    this.closing.resolve();
    this.unit.welcome();
  }

  /** The next member of the name. */
  next(): Member {
    this.member = this.#create();
    this.member.start();
    return this.member;
  }

  /** A leader by the word of the primary. */
  async lead(term: number): Promise<void> {
    await this.update(term, 'opening', 1);
    await this.update(term, 'ready', 1);
  }

  async update(term: number, phase: StateUpdate['phase'], workerId?: number): Promise<void> {
    const leader = workerId === undefined ? undefined : { workerId, pid: 1000 + workerId };
    await this.send({ k: 'update', group: 'g', term, phase, ...(leader && { leader }) });
    if (workerId === 1) await this.acknowledge();
  }

  /** All heartbeats so far. */
  async acknowledge(): Promise<void> {
    const beats = this.unit.end.sent.flatMap(({ c = [] }) =>
      c.flatMap(frame => (frame.k === 'heartbeat' ? frame.n : [])),
    );
    if (beats.length > 0) await this.send({ k: 'ack', n: Math.max(...beats) });
  }

  async send(frame: FromPrimary): Promise<void> {
    this.unit.receiveFrames(frame);
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) {
      await microtasks();
      this.unit.clock.turn();
    }
  }

  /** What the primary was told, heartbeats aside. */
  sent(): string[] {
    return this.unit.sent().flatMap(frame => {
      if (frame.k === 'heartbeat' || frame.k === 'hello') return [];
      return 'term' in frame ? `${frame.k} ${frame.term}` : frame.k;
    });
  }

  beats(): number {
    return this.unit.sent().filter(frame => frame.k === 'heartbeat').length;
  }

  #close(): Promise<void> {
    this.closes++;
    return this.closing.promise;
  }

  #create(): Member {
    const member = new Member(this.#options, this.unit.link);
    member.observers.add(this.observer);
    return member;
  }
}

test('a leader that steps down with nothing to wait for is told once that it follows', async t => {
  const unit = new UnitMember();
  unit.member.start();
  await unit.lead(5);
  const resigned = unit.member.resign();
  await unit.send({ k: 'handover', group: 'g', term: 5 });
  await resigned;
  t.deepEqual(unit.observer.received, ['leader 5', 'follower 5']);
  t.deepEqual(unit.sent(), ['join', 'ready 5', 'yield 5', 'resign 5']);
});

test('a leader that gives its term back says what it read of each member', async t => {
  for (const [way, frame] of [
    ['resign', { k: 'resign', group: 'g', term: 5, cause: 'resigned', read: [2, 7, 3, 1] }],
    ['leave', { k: 'leave', group: 'g', term: 5, read: [2, 7, 3, 1] }],
  ] as const) {
    const unit = new UnitMember();
    unit.member.start();
    await unit.lead(5);
    const call = { kind: Kind.CALL, id: 1, value: ['none', null, []] };
    for (const [f, n] of [
      [2, 6],
      [2, 7],
      [3, 1],
    ] as const)
      unit.member.data({ ...bundle({ term: 5, number: n }, call), f });
    const gone = unit.member[way]();
    await unit.send({ k: 'handover', group: 'g', term: 5 });
    await gone;
    // It was under way.
    unit.member.data({ ...bundle({ term: 5, number: 8 }, call), f: 2 });
    t.deepEqual(
      unit.unit.sent().filter(({ k }) => k === way),
      [frame],
    );
  }
});

test('a member that left before it could join never joins', async t => {
  const unit = new UnitMember();
  await unit.member.leave();
  unit.member.start();
  t.deepEqual(unit.sent(), []);
  t.is(unit.unit.clock.timers, 0);
});

test('the next member of a name does not take up what the one before it has left', async t => {
  const unit = new UnitMember();
  unit.member.start();
  await unit.lead(5);
  const left = unit.member.leave();
  await unit.send({ k: 'handover', group: 'g', term: 5 });
  await left;
  unit.next();
  await unit.update(5, 'ready', 1);
  t.deepEqual(unit.opens, [5]);
  t.false(unit.member.isLeader);
  await unit.update(6, 'opening', 1);
  t.deepEqual(unit.opens, [5, 6]);
  t.deepEqual(unit.sent(), ['join', 'ready 5', 'yield 5', 'leave 5', 'join', 'ready 6']);
});

test('a leader beats while its real client closes, so that it is not taken for one that hangs', async t => {
  const unit = new UnitMember();
  unit.member.start();
  await unit.lead(5);
  unit.closing = defer();
  await unit.send({ k: 'handover', group: 'g', term: 5 });
  unit.beats();
  unit.unit.clock.advance(4000);
  t.is(unit.beats(), 8);
  unit.closing.resolve();
  await unit.settle();
  unit.unit.clock.advance(4000);
  t.is(unit.beats(), 0);
});

test('a member that is appointed anew while the old real client closes beats from then on', async t => {
  const unit = new UnitMember();
  unit.member.start();
  await unit.lead(5);
  unit.closing = defer();
  await unit.update(5, 'vacant');
  unit.beats();
  unit.unit.clock.advance(2000);
  t.is(unit.beats(), 0, 'it was deposed');
  await unit.update(6, 'opening', 1);
  unit.unit.clock.advance(2000);
  t.is(unit.beats(), 5);
  unit.closing.resolve();
  await unit.settle();
  t.deepEqual(unit.opens, [5, 6]);
});

test('an event of the real client that came broken is an error, and no more', async t => {
  const unit = new UnitMember();
  unit.member.start();
  await unit.update(5, 'ready', 2);
  unit.unit.data(
    bundle({ term: 5 }, { kind: Kind.EVENT, id: 0, value: 'up' }, { kind: Kind.EVENT, id: 0, value: ['up', 1] }),
  );
  t.deepEqual(unit.observer.received, [
    'error A broken frame came: event must be a list that begins with a name.',
    'up 1',
  ]);
});

test('calls that come while the real client closes go back, and those of another term are dropped', async t => {
  const unit = new UnitMember();
  unit.member.start();
  await unit.lead(5);
  unit.closing = defer();
  await unit.send({ k: 'handover', group: 'g', term: 5 });
  unit.unit.end.sent.length = 0;
  const call = { kind: Kind.CALL, id: 7, value: ['get', null, []] };
  unit.unit.data(bundle({ term: 5, from: 2 }, call), bundle({ term: 4, from: 2 }, call));
  t.deepEqual(frameWords(unit.unit.end.sent.flatMap(bundlesOf)), ['RETURNED 7 0']);
  unit.closing.resolve();
  await unit.settle();
  unit.unit.end.sent.length = 0;
  unit.unit.data(bundle({ term: 5, from: 2 }, call));
  t.deepEqual(unit.unit.end.sent, []);
});

test('a member that is deposed at any moment while its real client opens closes it and never serves', async t => {
  for (let moments = 0; moments < 20; moments++) {
    const unit = new UnitMember();
    unit.opening = defer();
    unit.member.start();
    await unit.update(5, 'opening', 1);
    unit.opening.resolve();
    for (let i = 0; i < moments; i++) await undefined;
    const isServing = unit.sent().includes('ready 5');
    await unit.update(5, 'vacant');
    t.is(unit.closes, 1, `after ${moments} moments`);
    t.false(unit.member.isLeader);
    if (!isServing) t.deepEqual(unit.sent(), []);
  }
});

test('a leader that is deposed before the end of the older term has come was on no route yet', async t => {
  const unit = new UnitMember();
  unit.member.start();
  await unit.update(5, 'ready', 2);
  await unit.lead(6);
  t.is(unit.member.route, undefined, 'what comes back of the older term is to be sent first');
  await unit.update(7, 'opening', 2);
  t.is(unit.closes, 1);
  unit.unit.data(bundle({ term: 5 }, { kind: Kind.END, id: 0 }));
  await unit.update(7, 'ready', 2);
  t.like(unit.member.route, { kind: 'relay', term: 7 });
});

test('an error that came broken with the news is an error all the same', async t => {
  const unit = new UnitMember();
  unit.member.start();
  const ready = unit.member.readiness.wait(1000);
  await unit.send({ k: 'update', group: 'g', term: 5, phase: 'failed', error: { text: '?', ext: false } });
  const error = await t.throwsAsync(ready, { code: 'ERR_LEADER_FAILED' });
  t.like(error!.cause, { code: 'ERR_PROTOCOL' });
});

test('an error in the code is not taken for a broken bundle', t => {
  const unit = new UnitMember();
  unit.member.start();
  unit.member.calls.receive = () => {
    throw new RangeError('no');
  };
  t.throws(() => unit.unit.data(bundle({ term: 5 }, { kind: Kind.RESULT, id: 7 })), { instanceOf: RangeError });
});

test('a member that has stepped aside opens nothing, although the primary chose it before it heard of that', async t => {
  const unit = new UnitMember();
  unit.member.start();
  t.deepEqual(unit.sent(), ['join']);
  const aside = unit.member.stepAside();
  await unit.update(5, 'opening', 1);
  await aside;
  t.deepEqual(unit.sent(), ['join', 'resign 5']);
  t.false(unit.member.isLeader);
  t.like(unit.member.join(), { eligible: false });
});
