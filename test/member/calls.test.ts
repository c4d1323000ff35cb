import { getEventListeners } from 'node:events';
import test from 'ava';
import { encodeError } from '../../lib/codec/encode-error.js';
import { encodeValue } from '../../lib/codec/encode-value.js';
import { SharedClientError } from '../../lib/errors/shared-client-error.js';
import { encodeArguments } from '../../lib/member/arguments.js';
import { Call, type CallKind, type CallSignal } from '../../lib/member/call.js';
import { Calls } from '../../lib/member/calls.js';
import { EXT, Kind, MORE, ONE } from '../../lib/protocol/bundle.js';
import type { FrameView } from '../../lib/protocol/frame-reader.js';
import { listenToAbort } from '../../lib/utils/abort-listeners.js';
import { defer } from '../../lib/utils/deferred.js';
import { microtasks, UnitClock } from '../helpers/clocks/unit-clock.js';
import { FakeRoute, frame, payloadFrame } from '../helpers/unit/route.js';

interface Given {
  readonly kind?: CallKind;
  readonly args?: unknown;
  readonly timeoutMs?: number;
  readonly isIdempotent?: boolean;
  readonly handle?: { readonly isClosed: boolean; error(error: unknown): void };
  readonly signals?: readonly CallSignal[];
  readonly onFail?: (error: unknown) => void;
}

const HANDLE = { isClosed: false, error() {} };

class UnitCalls {
  readonly clock = new UnitClock();
  readonly calls = new Calls({
    clock: this.clock,
    maxLeadersLost: 2,
    costly() {},
    timeout: (method, ms, outcome) => new SharedClientError('ERR_TIMEOUT', `${method} ${ms}`, { outcome }),
  });
  readonly ended: string[] = [];
  readonly values: unknown[] = [];

  make(id: number, given: Given = {}): Call {
    const { kind = Kind.CALL, args = [], timeoutMs = 1000, isIdempotent = false, handle = HANDLE } = given;
    const payload = { ...encodeValue(args, 'args'), isOne: false };
    const succeed = (value: unknown) => {
      this.values.push(value);
      this.ended.push(`${id} ok`);
    };
    const fail = (error: unknown) => {
      const { code, outcome, message } = error as SharedClientError;
      this.ended.push(`${id} ${code ?? message}${outcome ? ` ${outcome}` : ''}`);
      given.onFail?.(error);
    };
    const call = new Call(
      kind,
      id,
      `m${id}`,
      payload,
      undefined,
      this.clock.now(),
      timeoutMs,
      isIdempotent,
      handle,
      succeed,
      fail,
    );
    call.signals = given.signals;
    try {
      this.calls.make(call);
    } catch (error) {
      fail(error);
    }
    return call;
  }

  receive(frame: FrameView, term: number): boolean {
    return this.calls.receive(frame, term, this.clock.now());
  }

  open(term: number, sayFirst = () => {}): FakeRoute {
    const route = new FakeRoute(term);
    this.calls.open(route, sayFirst);
    return route;
  }

  /** What has ended since this was last asked. */
  over(): string[] {
    return this.ended.splice(0);
  }
}

test('calls wait for a leader, and are sent in the order made, after what is said first', t => {
  const unit = new UnitCalls();
  unit.make(1);
  unit.make(2, { args: ['a', { b: 1 }] });
  t.is(unit.calls.waiting, 2);
  const route = unit.open(5, () => void unit.make(3, { kind: Kind.PUBLISH }));
  t.deepEqual(route.sent(), ['PUBLISH 3 [1000,null,[]]', 'CALL 1 ["m1",1000,[]]', 'CALL 2 ["m2",1000,["a",{"b":1}]]']);
  t.is(unit.calls.waiting, 0);
  t.is(unit.calls.inFlight, 3);
});

test('with a leader a call is sent at once, and the route may write it early', t => {
  const unit = new UnitCalls();
  const route = unit.open(5);
  unit.make(1);
  unit.make(2);
  t.is(route.sent().length, 2);
  t.deepEqual(route.inFlight, [1, 2]);
});

test('parts travel beside the text', t => {
  const unit = new UnitCalls();
  const route = unit.open(5);
  unit.make(1, { args: [Buffer.from('bytes')] });
  t.deepEqual(route.parts, [[Buffer.from('bytes')]]);
});

test('a result ends its call, once', t => {
  const unit = new UnitCalls();
  unit.open(5);
  unit.make(1);
  t.true(unit.receive(frame(Kind.RESULT, 1, { a: 1 }), 5));
  t.true(unit.receive(frame(Kind.RESULT, 1, { a: 2 }), 5));
  t.deepEqual(unit.values, [{ a: 1 }]);
  t.like(unit.calls.counts, { ok: 1, failed: 0, resent: 0 });
  t.is(unit.calls.inFlight, 0);
  t.is(unit.clock.refs, 0);
});

test('a result in its tagged form is decoded, and one that can not be ends the call', t => {
  const unit = new UnitCalls();
  unit.open(5);
  unit.make(1);
  unit.make(2);
  unit.receive(frame(Kind.RESULT | EXT, 1, [1]), 5);
  unit.receive(frame(Kind.RESULT | EXT, 2, [99]), 5);
  t.deepEqual(unit.values, [undefined]);
  t.deepEqual(unit.over(), ['1 ok', '2 ERR_PROTOCOL unknown']);
});

test('the error of the real client ends its call', t => {
  const unit = new UnitCalls();
  unit.open(5);
  unit.make(1);
  unit.receive(frame(Kind.ERROR, 1, 'thrown'), 5);
  t.is(unit.over().length, 1);
  t.like(unit.calls.counts, { ok: 0, failed: 1, resent: 0 });
  t.deepEqual([...unit.calls.counts.failures], [['rejected', 1]]);
});

test('frames that are about no call are left to others', t => {
  const unit = new UnitCalls();
  for (const kind of [Kind.SUBSCRIBED, Kind.VALUE, Kind.EVENT, Kind.END, Kind.MEMBER_LEFT, Kind.CALL]) {
    t.false(unit.receive(frame(kind, 1), 5));
  }
});

test('what an older leader says of a call that another one has by now comes too late', t => {
  const unit = new UnitCalls();
  const old = unit.open(5);
  unit.make(1, { isIdempotent: true });
  unit.calls.shut();
  unit.calls.end(old, 1);
  unit.open(6);
  unit.receive(frame(Kind.RESULT, 1), 5);
  unit.calls.receiveBroken(1, 5);
  t.deepEqual(unit.over(), []);
  unit.receive(frame(Kind.RESULT, 1), 6);
  t.deepEqual(unit.over(), ['1 ok']);
});

test('results that an older leader still wrote count until the end of its term', t => {
  const unit = new UnitCalls();
  unit.open(5);
  unit.make(1);
  unit.calls.shut();
  unit.open(6);
  unit.receive(frame(Kind.RESULT, 1), 5);
  t.deepEqual(unit.over(), ['1 ok']);
});

test('a bundle that can not be read ends the calls that it answered', t => {
  const unit = new UnitCalls();
  unit.open(5);
  unit.make(1);
  unit.calls.receiveBroken(1, 5);
  unit.calls.receiveBroken(2, 5);
  t.deepEqual(unit.over(), ['1 ERR_PROTOCOL unknown']);
});

test('at the end of a term calls that arrived are lost, those that did not go to the next leader', t => {
  const unit = new UnitCalls();
  const route = unit.open(5);
  unit.make(1);
  unit.make(2, { isIdempotent: true });
  route.nextBundle();
  unit.make(3);
  unit.calls.shut();
  unit.calls.end(route, 1);
  t.deepEqual(unit.over(), ['1 ERR_LEADER_LOST unknown']);
  t.is(unit.calls.waiting, 2);
  t.is(unit.calls.counts.resent, 1);
  t.deepEqual(unit.open(6).sent(), ['CALL 2 ["m2",1000,[]]', 'CALL 3 ["m3",1000,[]]']);
});

test('the end of a term that comes after the next leader is ready sends again at once', t => {
  const unit = new UnitCalls();
  const old = unit.open(5);
  unit.make(1);
  const route = unit.open(6);
  unit.make(2);
  unit.calls.end(old, 0);
  t.deepEqual(route.sent(), ['CALL 2 ["m2",1000,[]]', 'CALL 1 ["m1",1000,[]]']);
  t.is(unit.calls.waiting, 0);
});

test('a call that is cancelled because another one was lost is not sent again', t => {
  const unit = new UnitCalls();
  const route = unit.open(5);
  unit.make(1, { onFail: () => unit.calls.cancel(second, new Error('then not this either')) });
  const second = unit.make(2, { isIdempotent: true });
  unit.calls.shut();
  unit.calls.end(route, 1);
  t.deepEqual(unit.over(), ['1 ERR_LEADER_LOST unknown', '2 then not this either']);
  t.is(unit.calls.waiting, 0);
  t.deepEqual(unit.open(6).sent(), []);
});

test('a call that ends while the one before it is sent is not sent', t => {
  const unit = new UnitCalls();
  unit.make(1);
  const second = unit.make(2);
  const route = new FakeRoute(5);
  const { flushEarly } = route;
  route.flushEarly = inFlight => {
    flushEarly.call(route, inFlight);
    unit.calls.cancel(second, new Error('enough'));
  };
  unit.calls.open(route, () => {});
  t.deepEqual(unit.ended, ['2 enough']);
  t.is(route.sent().length, 1);
  t.deepEqual([unit.calls.waiting, unit.calls.inFlight, unit.calls.waitingBytes], [0, 1, 0]);
});

test('a call that is returned waits for the next leader, and so do those after it', t => {
  const unit = new UnitCalls();
  const route = unit.open(5);
  unit.make(1);
  route.sent();
  unit.receive(frame(Kind.RETURNED, 1), 5);
  unit.make(2);
  t.deepEqual(route.sent(), []);
  t.is(unit.calls.waiting, 2);
  t.deepEqual(unit.open(6).sent(), ['CALL 1 ["m1",1000,[]]', 'CALL 2 ["m2",1000,[]]']);
});

test('a call that an older leader returns is sent to the one there is', t => {
  const unit = new UnitCalls();
  unit.open(5);
  unit.make(1);
  const route = unit.open(6);
  unit.receive(frame(Kind.RETURNED, 1), 5);
  t.deepEqual(route.sent(), ['CALL 1 ["m1",1000,[]]']);
});

test('a call that was refused for lack of room never began, a result that was dropped may have been one', t => {
  const unit = new UnitCalls();
  unit.open(5);
  unit.make(1);
  unit.make(2);
  unit.receive(frame(Kind.OVERLOADED, 1, 0), 5);
  unit.receive(frame(Kind.OVERLOADED, 2, 1), 5);
  t.deepEqual(unit.over(), ['1 ERR_OVERLOADED not-started', '2 ERR_OVERLOADED unknown']);
  unit.make(3);
  unit.receive(frame(Kind.OVERLOADED, 3, 2), 5);
  t.deepEqual(unit.over(), ['3 ERR_NOT_SERIALIZABLE unknown'], 'its result could not be encoded');
});

test('a call whose deadline passes ends, and the leader hears of it', t => {
  const unit = new UnitCalls();
  unit.make(1, { timeoutMs: 100 });
  unit.clock.advance(100);
  t.deepEqual(unit.over(), ['1 ERR_TIMEOUT not-started']);
  const route = unit.open(5);
  unit.make(2, { timeoutMs: 100 });
  route.sent();
  unit.clock.advance(100);
  t.deepEqual(unit.over(), ['2 ERR_TIMEOUT unknown']);
  t.regex(route.sent()[0]!, /^CANCEL 2 \[0,/);
  t.is(unit.calls.waiting + unit.calls.inFlight, 0);
});

test('a call without a deadline keeps waiting', t => {
  const unit = new UnitCalls();
  const route = unit.open(5);
  unit.make(1, { timeoutMs: Number.POSITIVE_INFINITY });
  t.deepEqual(route.sent(), ['CALL 1 ["m1",null,[]]']);
  unit.clock.advance(1e9);
  t.deepEqual(unit.over(), []);
});

test('a call that was in the hands of a lost leader may have run, wherever it ends', t => {
  const ends: readonly ((unit: UnitCalls) => void)[] = [
    unit => unit.clock.advance(1000),
    unit => unit.calls.failAll(outcome => new SharedClientError('ERR_TIMEOUT', 'x', { outcome })),
    unit => {
      unit.open(6);
      unit.receive(frame(Kind.RETURNED, 1), 6);
      unit.clock.advance(1000);
    },
  ];
  for (const end of ends) {
    const unit = new UnitCalls();
    const route = unit.open(5);
    unit.make(1, { isIdempotent: true });
    unit.calls.shut();
    unit.calls.end(route, 1);
    end(unit);
    t.deepEqual(unit.over(), ['1 ERR_TIMEOUT unknown']);
  }
  const unit = new UnitCalls();
  const route = unit.open(5);
  unit.make(1, { isIdempotent: true });
  unit.calls.shut();
  unit.calls.end(route, 1);
  unit.open(6);
  unit.receive(frame(Kind.OVERLOADED, 1, 0), 6);
  t.deepEqual(unit.over(), ['1 ERR_OVERLOADED unknown']);
});

test('that the next leader never began a call says nothing of the one that was lost', t => {
  for (const given of [{}, { cause: 'why' }]) {
    const unit = new UnitCalls();
    const route = unit.open(5);
    const errors: unknown[] = [];
    unit.make(1, { isIdempotent: true, onFail: error => errors.push(error) });
    unit.make(2, { isIdempotent: true, onFail: error => errors.push(error) });
    unit.calls.shut();
    unit.calls.end(route, 1);
    unit.open(6);
    const refusal = new SharedClientError('ERR_UNKNOWN_METHOD', 'no such method', { ...given, outcome: 'not-started' });
    unit.receive(payloadFrame(Kind.ERROR, 1, encodeError(refusal)), 6);
    unit.receive(payloadFrame(Kind.ERROR, 2, encodeError(new Error('its own'))), 6);
    t.deepEqual(unit.over(), ['1 ERR_UNKNOWN_METHOD unknown', '2 its own']);
    t.true(errors[0] instanceof SharedClientError);
    t.is((errors[0] as Error).cause, (given as { cause?: string }).cause);
  }
});

test('a call that is cancelled ends at once, and its end that comes later is passed over', t => {
  const unit = new UnitCalls();
  const route = unit.open(5);
  const call = unit.make(1);
  route.sent();
  unit.calls.cancel(call, 'enough');
  t.deepEqual(route.sent(), ['CANCEL 1 [0,"enough"]']);
  unit.receive(frame(Kind.RESULT, 1), 5);
  unit.calls.cancel(call, 'again');
  t.is(unit.over().length, 1);
  t.deepEqual(route.sent(), []);
});

test('a reason that is no plain JSON reaches the leader in its tagged form', t => {
  const unit = new UnitCalls();
  const route = unit.open(5);
  unit.calls.cancel(unit.make(1), 5n);
  t.regex(route.sent()[1]!, /^CANCEL 1 \[0,\[\d+,"5"\]\]$/);
});

test('the own signal of a call ends it, one in its arguments travels', t => {
  const unit = new UnitCalls();
  const [own, inner] = [new AbortController(), new AbortController()];
  const signals = [
    { signal: inner.signal, number: 1 },
    { signal: own.signal, number: 0 },
  ];
  const route = unit.open(5);
  const call = unit.make(1, { signals });
  route.sent();
  inner.abort('inner');
  unit.calls.aborted(call, signals[0]!);
  t.deepEqual(route.sent(), ['CANCEL 1 [1,"inner"]']);
  t.deepEqual(unit.over(), []);
  own.abort('own');
  unit.calls.aborted(call, signals[1]!);
  t.deepEqual(route.sent(), ['CANCEL 1 [0,"own"]']);
  unit.calls.aborted(call, signals[0]!);
  t.deepEqual(route.sent(), []);
  t.is(unit.over().length, 1);
});

test('a signal that aborted while the call waited is told when the call is sent', t => {
  const unit = new UnitCalls();
  const inner = new AbortController();
  const quiet = new AbortController();
  const signals = [
    { signal: inner.signal, number: 1 },
    { signal: quiet.signal, number: 2 },
  ];
  const call = unit.make(1, { signals });
  inner.abort('inner');
  unit.calls.aborted(call, signals[0]!);
  t.deepEqual(unit.open(5).sent(), ['CALL 1 ["m1",1000,[]]', 'CANCEL 1 [1,"inner"]']);
});

test('nobody listens to a signal whose call has ended', t => {
  const unit = new UnitCalls();
  const { signal } = new AbortController();
  const listener = () => {};
  listenToAbort(signal, listener);
  t.is(getEventListeners(signal, 'abort').length, 1);
  unit.make(1, {
    signals: [
      { signal, number: 0, listener },
      { signal, number: 1 },
    ],
  });
  unit.clock.advance(1000);
  t.is(getEventListeners(signal, 'abort').length, 0);
});

test('too much that waits for a leader is refused, but for a call that is alone', t => {
  const unit = new UnitCalls();
  const args = ['x'.repeat(40 * 2 ** 20)];
  unit.make(1, { args });
  unit.make(2, { args });
  t.deepEqual(unit.over(), ['2 ERR_OVERLOADED not-started']);
  unit.make(3);
  t.is(unit.calls.waiting, 2);
  const route = unit.open(5);
  t.is(route.sent().length, 2);
  unit.calls.shut();
  unit.make(4, { args });
  t.deepEqual(unit.over(), []);
  const large = unit.make(5, { args: [Buffer.alloc(40 * 2 ** 20)] });
  t.deepEqual(unit.over(), ['5 ERR_OVERLOADED not-started']);
  t.true(large.bytes > 40 * 2 ** 20);
});

test('too much that waits for a primary that does not read is refused, looked at from bundle to bundle', t => {
  const unit = new UnitCalls();
  const route = unit.open(5);
  route.waitingBytes = 64 * 2 ** 20 + 1;
  unit.make(1);
  t.deepEqual(unit.over(), ['1 ERR_OVERLOADED not-started']);
  route.isNextBundle = false;
  unit.make(2);
  t.deepEqual(unit.over(), []);
  t.is(unit.calls.counts.failed, 1);
});

test('all calls, or those of one handle, end with what is known of them', t => {
  const unit = new UnitCalls();
  const route = unit.open(5);
  const other = { isClosed: false, error() {} };
  unit.make(1);
  unit.make(2, { handle: other });
  unit.calls.shut();
  unit.make(3, { handle: other });
  const toError = (outcome: 'unknown' | 'not-started') => new SharedClientError('ERR_CLOSED', 'x', { outcome });
  unit.calls.failAll(toError, other);
  t.deepEqual(unit.over(), ['2 ERR_CLOSED unknown', '3 ERR_CLOSED not-started']);
  const cancels = () => route.sent().filter(words => words.startsWith('CANCEL')).length;
  t.is(cancels(), 1, 'nobody waits for it in the leader');
  unit.calls.failAll(toError);
  t.deepEqual(unit.over(), ['1 ERR_CLOSED unknown']);
  t.is(cancels(), 0, 'there is no leader, or it hears that the member left');
});

test('a call that the end of another one ended is not ended twice', t => {
  const unit = new UnitCalls();
  unit.make(1, { onFail: () => unit.calls.cancel(second, new Error('first this')) });
  const second = unit.make(2);
  unit.calls.failAll(outcome => new SharedClientError('ERR_CLOSED', 'x', { outcome }));
  t.deepEqual(unit.over(), ['1 ERR_CLOSED not-started', '2 first this']);
});

test('whoever waits for the calls of a handle waits until they have ended, or long enough', async t => {
  const unit = new UnitCalls();
  await unit.calls.whenEnded(HANDLE, 100);
  unit.open(5);
  unit.make(1);
  unit.make(2);
  unit.make(3, { handle: { isClosed: false, error() {} } });
  let waits = 2;
  void unit.calls.whenEnded(HANDLE, 500).then(() => waits--);
  t.is(unit.clock.refs, 2);
  unit.receive(frame(Kind.RESULT, 1), 5);
  await microtasks();
  t.is(waits, 2);
  unit.receive(frame(Kind.RESULT, 2), 5);
  await microtasks();
  t.is(waits, 1);
  unit.make(4);
  void unit.calls.whenEnded(HANDLE, 500).then(() => waits--);
  unit.clock.advance(500);
  await microtasks();
  t.is(waits, 0);
});

test('no timer is left once it is closed', t => {
  const unit = new UnitCalls();
  unit.make(1);
  t.is(unit.clock.refs, 1);
  unit.calls.close();
  t.is(unit.clock.timers, 0);
});

test('without an own way to fail a call fails by the promise that was given out', async t => {
  const { promise, resolve } = defer<unknown>();
  const payload = encodeArguments([]);
  new Call(Kind.CALL, 1, 'm', payload, undefined, 0, 0, false, HANDLE, resolve).fail(new Error('so'));
  await t.throwsAsync(promise, { message: 'so' });
});

test('what comes along with the arguments, and the key of a publication, are in its text', t => {
  const args = encodeArguments(['a', 1]);
  const made = (sticky: string | undefined, carrier?: string) => {
    const given = carrier === undefined ? args : { ...args, carrier };
    const { text, wireKind } = new Call(Kind.PUBLISH, 1, 'say', given, sticky, 7, 0, false, HANDLE, () => {});
    return [text, wireKind - Kind.PUBLISH];
  };
  t.deepEqual(made(undefined), ['["a",1]', 0]);
  t.deepEqual(made('"k"'), ['[["a",1],"\\"k\\""]', MORE]);
  t.deepEqual(made(undefined, '{"c":1}'), ['[["a",1],null,{"c":1}]', MORE]);
  t.deepEqual(made('k', '{"c":1}'), ['[["a",1],"k",{"c":1}]', MORE]);
});

test('a single argument travels without the list around it', t => {
  const made = (...given: unknown[]) => {
    const args = encodeArguments(given);
    const { text, wireKind } = new Call(Kind.CALL, 1, 'm', args, undefined, 7, 0, false, HANDLE, () => {});
    return [text, wireKind - Kind.CALL];
  };
  t.deepEqual(made(), ['[]', 0]);
  t.deepEqual(made(7), ['7', ONE]);
  t.deepEqual(made([7]), ['[7]', ONE]);
  t.deepEqual(made(undefined), ['[1]', ONE | EXT]);
  t.deepEqual(made(1, 2), ['[1,2]', 0]);
  t.throws(() => made(Symbol('s')), { message: /args\[0\]/ });
});

test('it is counted how long a call waited, how long it took, and why it failed', t => {
  const unit = new UnitCalls();
  unit.make(1);
  unit.clock.advance(3);
  unit.open(5);
  unit.make(2);
  unit.clock.advance(1);
  unit.receive(frame(Kind.RESULT, 1, 0), 5);
  unit.receive(frame(Kind.RESULT, 2, 0), 5);
  const { queued, total, failures } = unit.calls.counts;
  t.like(queued.status(), { count: 2, sumMs: 3 });
  t.like(total.status(), { count: 2, sumMs: 5 });
  // Sent again, it waited once.
  unit.make(3, { isIdempotent: true });
  unit.calls.end(unit.open(6), 0);
  t.is(queued.status().count, 3);

  unit.calls.cancel(unit.make(4), new SharedClientError('ERR_CLOSED', 'the reason of a signal'));
  unit.calls.giveUp(unit.make(5), outcome => new SharedClientError('ERR_CLOSED', 'replaced', { outcome }));
  unit.make(6, { timeoutMs: 10 });
  unit.clock.advance(10);
  t.deepEqual(Object.fromEntries(failures), { cancelled: 1, ERR_CLOSED: 1, ERR_TIMEOUT: 1 });
  t.like(total.status(), { count: 5, sumMs: 15 });
});
