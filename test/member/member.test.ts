// What only shows between the parts of a member; the whole of it is the affair of the system ring.

import test from 'ava';
import { Member, type MemberObserver } from '../../lib/member/member.js';
import { type FromPrimary, Kind, type News } from '../../lib/protocol/messages.js';
import { defer } from '../../lib/utils/deferred.js';
import { microtasks } from '../helpers/unit-clock.js';
import { bundle } from '../helpers/unit-frames.js';
import { memberOptions } from '../helpers/unit-leader.js';
import { UnitLink } from '../helpers/unit-link.js';

class Observer implements MemberObserver {
  readonly heard: string[] = [];

  leader = ({ term }: { term: number }): void => void this.heard.push(`leader ${term}`);
  follower = ({ term }: { term: number }): void => void this.heard.push(`follower ${term}`);
  error = (error: unknown): void => void this.heard.push(`error ${(error as Error).message}`);
  warning = (message: string): void => void this.heard.push(`warning ${message}`);
  upstream = (event: string, copy: () => unknown[]): void => void this.heard.push(`${event} ${copy()}`);
  methods = (): void => {};
  close = async (): Promise<void> => {};
}

class UnitMember {
  readonly unit = new UnitLink();
  readonly observer = new Observer();
  opens: number[] = [];
  /** What the real client's `close()` waits for. */
  closing = defer();
  readonly #options = memberOptions(
    ((context: { term: number }) => {
      this.opens.push(context.term);
      return { close: () => this.closing.promise };
    }) as () => unknown,
    { drainTimeoutMs: 5000 },
  );
  member = this.#create();

  constructor() {
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
    await this.news(term, 'opening', 1);
    await this.news(term, 'ready', 1);
  }

  async news(term: number, phase: News['phase'], workerId?: number): Promise<void> {
    const leader = workerId === undefined ? undefined : { workerId, pid: 1000 + workerId };
    await this.say({ k: 'news', group: 'g', term, phase, ...(leader && { leader }) });
  }

  async say(frame: FromPrimary): Promise<void> {
    this.unit.say(frame);
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) {
      await microtasks();
      this.unit.clock.turn();
    }
  }

  /** What the primary was told, heartbeats aside. */
  told(): string[] {
    return this.unit.told().flatMap(frame => {
      if (frame.k === 'heartbeat' || frame.k === 'hello') return [];
      return 'term' in frame ? `${frame.k} ${frame.term}` : frame.k;
    });
  }

  beats(): number {
    return this.unit.told().filter(frame => frame.k === 'heartbeat').length;
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
  await unit.say({ k: 'handover', group: 'g', term: 5 });
  await resigned;
  t.deepEqual(unit.observer.heard, ['leader 5', 'follower 5']);
  t.deepEqual(unit.told(), ['join', 'ready 5', 'yield 5', 'resign 5']);
});

test('a member that left before it could join never joins', async t => {
  const unit = new UnitMember();
  await unit.member.leave();
  unit.member.start();
  t.deepEqual(unit.told(), []);
  t.is(unit.unit.clock.timers, 0);
});

test('the next member of a name does not take up what the one before it has left', async t => {
  const unit = new UnitMember();
  unit.member.start();
  await unit.lead(5);
  const left = unit.member.leave();
  await unit.say({ k: 'handover', group: 'g', term: 5 });
  await left;
  unit.next();
  await unit.news(5, 'ready', 1);
  t.deepEqual(unit.opens, [5]);
  t.false(unit.member.isLeader);
  await unit.news(6, 'opening', 1);
  t.deepEqual(unit.opens, [5, 6]);
  t.deepEqual(unit.told(), ['join', 'ready 5', 'yield 5', 'leave', 'join', 'ready 6']);
});

test('a leader beats while its real client closes, so that it is not taken for one that hangs', async t => {
  const unit = new UnitMember();
  unit.member.start();
  await unit.lead(5);
  unit.closing = defer();
  await unit.say({ k: 'handover', group: 'g', term: 5 });
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
  await unit.news(5, 'vacant');
  unit.beats();
  unit.unit.clock.advance(2000);
  t.is(unit.beats(), 0, 'it was deposed');
  await unit.news(6, 'opening', 1);
  unit.unit.clock.advance(2000);
  t.is(unit.beats(), 5);
  unit.closing.resolve();
  await unit.settle();
  t.deepEqual(unit.opens, [5, 6]);
});

test('an event of the real client that came broken is an error, and no more', async t => {
  const unit = new UnitMember();
  unit.member.start();
  await unit.news(5, 'ready', 2);
  unit.unit.data(
    bundle({ term: 5 }, { kind: Kind.EVENT, id: 0, value: 'up' }, { kind: Kind.EVENT, id: 0, value: ['up', 1] }),
  );
  t.deepEqual(unit.observer.heard, [
    'error A broken frame came: event must be a list that begins with a name.',
    'up 1',
  ]);
});
