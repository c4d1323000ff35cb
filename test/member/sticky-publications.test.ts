import test from 'ava';
import { encodeValue } from '../../lib/codec/encode-value.js';
import { SharedClientError } from '../../lib/errors/shared-client-error.js';
import { Calls } from '../../lib/member/calls.js';
import { type Publication, StickyPublications } from '../../lib/member/sticky-publications.js';
import { EXT, Kind } from '../../lib/protocol/bundle.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { FakeRoute, frame } from '../helpers/unit/route.js';

const ERROR = [16, 'Error', 'Error', 'no', 'Error: no', {}];

class UnitStickyPublications {
  readonly clock = new UnitClock();
  readonly calls = new Calls({
    clock: this.clock,
    maxLeadersLost: 2,
    costly() {},
    timeout: (_method, _ms, outcome) => new SharedClientError('ERR_TIMEOUT', 'late', { outcome }),
  });
  readonly stickyPublications = new StickyPublications({ calls: this.calls, clock: this.clock });
  readonly received: string[] = [];
  readonly handle = { isClosed: false, error() {} };

  publish(key: string, value: unknown, given: Partial<Publication> = {}): void {
    const settle = (what: string) => (published: unknown) =>
      this.received.push(`${value} ${what}${published instanceof Error ? ` ${published.message}` : ''}`);
    this.stickyPublications.publish(key, {
      args: { ...encodeValue([value], 'args'), isOne: false },
      timeoutMs: 1000,
      handle: this.handle,
      succeed: settle('ok'),
      fail: settle('failed'),
      onError: settle('error'),
      signal: undefined,
      onAbort: (abortedKey, args) => this.received.push(`${value} aborted ${abortedKey} ${args.args.text}`),
      ...given,
    });
  }

  /** @param lostTerm the term before, if its leader was lost */
  open(term: number, lostTerm?: number): FakeRoute {
    const route = new FakeRoute(term);
    this.calls.open(route, () => this.stickyPublications.republish(lostTerm), lostTerm);
    return route;
  }

  shut(): void {
    this.calls.shut();
    this.stickyPublications.shut();
  }

  /** The publications among what was sent: the number of each call, and what it says. */
  published(route: FakeRoute): { id: number; words: string }[] {
    return route
      .sent()
      .filter(words => !words.startsWith('SUSPECT'))
      .map(words => ({ id: Number(words.split(' ')[1]), words: words.replace(/ \d+ /, ' ') }));
  }

  answer(id: number, term: number, kind: number = Kind.RESULT, value: unknown = 0): void {
    this.calls.receive(frame(kind, id, value), term, this.clock.now());
  }
}

const words = (published: readonly { words: string }[]) => published.map(each => each.words);

test('it is said at once, and again to every new leader', t => {
  const unit = new UnitStickyPublications();
  const first = unit.open(5);
  unit.publish('k', 'a');
  const [published] = unit.published(first);
  t.is(published!.words, 'PUBLISH [1000,"k",["a"]]');
  unit.answer(published!.id, 5);
  t.deepEqual(unit.received, ['a ok']);
  unit.shut();
  t.deepEqual(words(unit.published(unit.open(6))), ['PUBLISH [null,"k",["a"],null,1]']);
  t.is(unit.stickyPublications.size, 1);
});

test('what waits for a leader is said once, and so is what was under way when the leader was lost', t => {
  const unit = new UnitStickyPublications();
  unit.publish('k', 'a');
  const first = unit.open(5);
  t.is(unit.published(first).length, 1);
  unit.shut();
  unit.calls.end(first, 1);
  const second = unit.open(6);
  const [published] = unit.published(second);
  t.is(published!.words, 'PUBLISH [1000,"k",["a"]]');
  unit.answer(published!.id, 6);
  t.deepEqual(unit.received, ['a ok']);
});

test('the newest under a key replaces the older, which is not sent again after it', t => {
  const unit = new UnitStickyPublications();
  const first = unit.open(5);
  unit.publish('k', 'a');
  unit.publish('k', 'b');
  t.deepEqual(words(unit.published(first)), ['PUBLISH [1000,"k",["a"]]', 'PUBLISH [1000,"k",["b"]]']);
  unit.shut();
  unit.calls.end(first, 1);
  t.deepEqual(words(unit.published(unit.open(6))), ['PUBLISH [1000,"k",["b"]]']);
  t.regex(unit.received[0]!, /^a failed The leader was lost/);
});

test('an answer to what was replaced is not one to what replaced it', t => {
  const unit = new UnitStickyPublications();
  const route = unit.open(5);
  unit.publish('k', 'a');
  unit.publish('k', 'b');
  const [a] = unit.published(route);
  unit.answer(a!.id, 5, Kind.ERROR | EXT, ERROR);
  t.deepEqual(unit.received, ['a failed no']);
  t.is(unit.stickyPublications.size, 1);
});

test('what the real client refuses is not said again', t => {
  const unit = new UnitStickyPublications();
  const route = unit.open(5);
  unit.publish('k', 'a');
  unit.answer(unit.published(route)[0]!.id, 5, Kind.ERROR | EXT, ERROR);
  t.deepEqual(unit.received, ['a failed no']);
  t.is(unit.stickyPublications.size, 0);
  unit.shut();
  t.deepEqual(unit.published(unit.open(6)), []);
});

test('what was not said in time is said to the next leader all the same', t => {
  const unit = new UnitStickyPublications();
  unit.publish('k', 'a');
  unit.clock.advance(1000);
  t.deepEqual(unit.received, ['a failed late']);
  t.deepEqual(words(unit.published(unit.open(5))), ['PUBLISH [null,"k",["a"],null,1]']);
});

test('what goes wrong when it is said again is an error of the handle, and it is said once more after a pause', t => {
  const unit = new UnitStickyPublications();
  const first = unit.open(5);
  unit.publish('k', 'a');
  unit.answer(unit.published(first)[0]!.id, 5);
  unit.shut();
  const second = unit.open(6);
  unit.answer(unit.published(second)[0]!.id, 6, Kind.ERROR | EXT, ERROR);
  t.deepEqual(unit.received, ['a ok', 'a error no']);
  unit.clock.advance(99);
  t.deepEqual(unit.published(second), []);
  unit.clock.advance(1);
  unit.answer(unit.published(second)[0]!.id, 6, Kind.ERROR | EXT, ERROR);
  unit.clock.advance(199);
  t.deepEqual(unit.published(second), []);
  unit.clock.advance(1);
  unit.answer(unit.published(second)[0]!.id, 6);
  unit.clock.advance(100_000);
  t.deepEqual(unit.published(second), []);
  t.deepEqual(unit.received, ['a ok', 'a error no', 'a error no']);
});

test('where there is no room for it, it is said to the same leader after a pause', t => {
  const unit = new UnitStickyPublications();
  const route = unit.open(5);
  route.waitingBytes = 2 ** 30;
  unit.publish('k', 'a');
  t.regex(unit.received[0]!, /^a failed Too much is waiting/);
  unit.clock.advance(100);
  t.regex(unit.received[1]!, /^a error Too much is waiting/);
  route.waitingBytes = 0;
  unit.clock.advance(200);
  t.deepEqual(words(unit.published(route)), ['PUBLISH [null,"k",["a"],null,1]']);
});

test('what was said, but had no room for its result, is not said again to that leader', t => {
  const unit = new UnitStickyPublications();
  const route = unit.open(5);
  unit.publish('k', 'a');
  unit.answer(unit.published(route)[0]!.id, 5, Kind.OVERLOADED, 1);
  t.regex(unit.received[0]!, /^a failed Too much is waiting/);
  unit.clock.advance(100_000);
  t.deepEqual(unit.published(route), []);
  unit.shut();
  t.is(unit.published(unit.open(6)).length, 1);
});

test('what was refused is said to the next leader, and to it alone', t => {
  const unit = new UnitStickyPublications();
  const route = unit.open(5);
  route.waitingBytes = 2 ** 30;
  unit.publish('k', 'a');
  unit.shut();
  unit.clock.advance(100);
  const next = unit.open(6);
  t.is(unit.published(next).length, 1);
  unit.clock.advance(200);
  t.deepEqual(unit.published(next), []);
  t.deepEqual(unit.published(route), []);
});

test('what was refused is not said any more once it was replaced or taken back', t => {
  const unit = new UnitStickyPublications();
  const route = unit.open(5);
  route.waitingBytes = 2 ** 30;
  unit.publish('k', 'a');
  unit.publish('l', 'b');
  route.waitingBytes = 0;
  unit.publish('k', 'c');
  unit.stickyPublications.unpublish('l');
  unit.clock.advance(200);
  t.deepEqual(words(unit.published(route)), ['PUBLISH [1000,"k",["c"]]']);
});

test('once it is unpublished it is not said again, and what it said is handed out to be taken back', t => {
  const unit = new UnitStickyPublications();
  const first = unit.open(5);
  unit.publish('k', 'a');
  t.is(unit.stickyPublications.unpublish('k')!.args.text, '["a"]');
  t.is(unit.stickyPublications.unpublish('k'), undefined);
  unit.shut();
  unit.calls.end(first, 1);
  t.deepEqual(unit.published(unit.open(6)), []);
});

test('whose end no leader heard of is never said if it still waits, and may be taken back again if not', t => {
  const unit = new UnitStickyPublications();
  unit.publish('k', 'a');
  const waiting = unit.stickyPublications.unpublish('k')!;
  unit.stickyPublications.keepWithdrawal('k', waiting);
  t.deepEqual(unit.received, ['a failed The publication was withdrawn before the leader confirmed it.']);
  const route = unit.open(5);
  t.deepEqual(unit.published(route), []);
  unit.publish('k', 'b');
  unit.answer(unit.published(route)[0]!.id, 5);
  const published = unit.stickyPublications.unpublish('k')!;
  unit.stickyPublications.keepWithdrawal('k', published);
  t.is(unit.stickyPublications.unpublish('k'), published);
  t.is(unit.stickyPublications.unpublish('k'), undefined, 'until it fails again');
});

test('nor is what it replaced while that still waited', t => {
  const unit = new UnitStickyPublications();
  unit.publish('k', 'a');
  unit.publish('k', 'b');
  unit.publish('k', 'c');
  unit.stickyPublications.keepWithdrawal('k', unit.stickyPublications.unpublish('k')!);
  t.deepEqual(
    unit.received.map(text => text.slice(0, 8)),
    ['c failed', 'b failed', 'a failed'],
  );
  t.deepEqual(unit.published(unit.open(5)), []);
});

test('it is not taken back again once it was replaced, or there is another leader', t => {
  const unit = new UnitStickyPublications();
  const route = unit.open(5);
  unit.publish('k', 'a');
  unit.answer(unit.published(route)[0]!.id, 5);
  const first = unit.stickyPublications.unpublish('k')!;
  unit.publish('k', 'b');
  unit.stickyPublications.keepWithdrawal('k', first);
  const second = unit.stickyPublications.unpublish('k')!;
  t.is(second.args.text, '["b"]');
  t.is(unit.stickyPublications.unpublish('k'), undefined);
  unit.stickyPublications.keepWithdrawal('k', second);
  unit.open(6);
  t.is(unit.stickyPublications.unpublish('k'), undefined);
});

test('a signal ends it, and what is under way with it', t => {
  const unit = new UnitStickyPublications();
  const route = unit.open(5);
  const controller = new AbortController();
  unit.publish('k', 'a', { signal: controller.signal });
  controller.abort(new Error('enough'));
  t.deepEqual(unit.received, ['a failed enough', 'a aborted k ["a"]']);
  t.regex(words(unit.published(route))[1]!, /^CANCEL \[0,/);
  t.is(unit.stickyPublications.size, 0);
});

test('a signal ends what was said long ago, and nothing that was replaced', t => {
  const unit = new UnitStickyPublications();
  const route = unit.open(5);
  const controller = new AbortController();
  unit.publish('k', 'a', { signal: controller.signal });
  unit.answer(unit.published(route)[0]!.id, 5);
  unit.publish('l', 'b', { signal: controller.signal });
  unit.publish('l', 'c');
  unit.received.length = 0;
  controller.abort();
  t.deepEqual(unit.received, ['a aborted k ["a"]']);
  t.is(unit.stickyPublications.size, 1);
});

test('the keys of a handle are its own', t => {
  const unit = new UnitStickyPublications();
  unit.publish('k', 'a');
  unit.publish('l', 'b', { handle: { isClosed: false, error() {} } });
  unit.publish('m', 'c');
  t.deepEqual(unit.stickyPublications.keysOf(unit.handle), ['k', 'm']);
});

test('nothing is said again once all is cleared', t => {
  const unit = new UnitStickyPublications();
  const first = unit.open(5);
  unit.publish('k', 'a');
  unit.publish('l', 'b');
  unit.stickyPublications.clear();
  t.is(unit.stickyPublications.size, 0);
  unit.shut();
  unit.calls.end(first, 1);
  t.deepEqual(unit.published(unit.open(6)), []);
});

test('that a leader begins one counts also where its call has ended meanwhile', t => {
  for (const hasBegun of [true, false]) {
    const unit = new UnitStickyPublications();
    unit.open(5);
    unit.publish('k', 'a');
    unit.shut();
    unit.clock.advance(1000);
    const [published] = unit.published(unit.open(6, 5));
    t.is(published!.words, 'PUBLISH [null,"k",["a"],null,1]');
    unit.calls.failAll(outcome => new SharedClientError('ERR_PRIMARY_LOST', 'gone', { outcome }));
    if (hasBegun) unit.stickyPublications.begun(published!.id, 6);
    unit.shut();
    t.is(unit.published(unit.open(7, 6)).length, hasBegun ? 0 : 1);
    t.deepEqual(
      unit.received.slice(1).map(text => text.split(' ', 2).join(' ')),
      Array(hasBegun ? 2 : 1).fill('a error'),
    );
    t.is(unit.stickyPublications.size, hasBegun ? 0 : 1);
  }
});

test('one that ran is no suspect, although its result was dropped', t => {
  const unit = new UnitStickyPublications();
  unit.open(5);
  unit.publish('k', 'a');
  unit.shut();
  unit.clock.advance(1000);
  const route = unit.open(6, 5);
  unit.answer(unit.published(route)[0]!.id, 6, Kind.OVERLOADED, 1);
  unit.shut();
  t.false(
    unit
      .open(7, 6)
      .sent()
      .some(words => words.startsWith('SUSPECT')),
  );
});

test('a loss counts for the next attempt in the same term too, although that never reached the leader', t => {
  const unit = new UnitStickyPublications();
  const first = unit.open(5);
  unit.publish('k', 'a');
  unit.clock.advance(1000);
  first.nextBundle();
  unit.clock.advance(100);
  t.deepEqual(
    first.sent().map(words => words.split(' ')[0]),
    ['PUBLISH', 'CANCEL', 'PUBLISH'],
  );
  unit.shut();
  unit.calls.end(first, 1);
  const next = unit.open(6, 5);
  t.deepEqual(
    next.sent().map(words => words.split(' ')[0]),
    ['SUSPECT', 'PUBLISH'],
  );
});
