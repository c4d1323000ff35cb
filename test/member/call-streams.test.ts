// The caller's ends of streams: what frames of every kind, in every state, do to them.

import test from 'ava';
import { encodeError } from '../../lib/codec/encode-error.js';
import { SharedClientError } from '../../lib/errors/shared-client-error.js';
import { Call } from '../../lib/member/call.js';
import { Calls } from '../../lib/member/calls.js';
import { Kind } from '../../lib/protocol/bundle.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { FakeRoute, frame, payloadFrame } from '../helpers/unit/route.js';

const TERM = 5;
const STREAM_ID = 9;

async function unitOf(inputs?: object) {
  const clock = new UnitClock();
  const errors: unknown[] = [];
  const calls = new Calls({
    clock,
    maxLeadersLost: 2,
    costly() {},
    timeout: (method, ms, outcome) => new SharedClientError('ERR_TIMEOUT', `${method} ${ms}`, { outcome }),
  });
  const route = new FakeRoute(TERM);
  calls.open(route, () => {});
  const ended: unknown[] = [];
  const handle = { isClosed: false, error: (error: unknown) => errors.push(error) };
  const call = new Call(
    Kind.CALL,
    1,
    'm',
    { text: '[]', ext: false, parts: undefined, isOne: false },
    undefined,
    clock.now(),
    1000,
    false,
    handle,
    value => ended.push(value),
    error => ended.push((error as SharedClientError).code),
  );
  if (inputs) call.inputs = new Map([[STREAM_ID, inputs]]);
  calls.make(call);
  route.sent();
  const receive = (kind: number, id: number, value: unknown = 0) =>
    calls.receive(frame(kind, id, value), TERM, clock.now());
  return { calls, call, route, receive, ended, errors, clock };
}

const settled = () => new Promise(resolve => setImmediate(() => setImmediate(resolve)));

test('STREAM gives the caller its stream, once, and the deadline of the call is over', async t => {
  const { call, calls, receive, ended, clock } = await unitOf();
  t.true(receive(Kind.STREAM, 1));
  t.true(receive(Kind.STREAM, 1));
  t.is(ended.length, 1);
  t.truthy(call.stream);
  t.deepEqual(calls.streams.counts(), { open: 1, items: 0, bytes: 0 });
  receive(Kind.ITEM, 1, [1, 'a']);
  t.is(calls.streams.counts().items, 1);
  clock.advance(999);
  t.is(calls.inFlight, 1);
  clock.advance(2);
  t.is(calls.inFlight, 0);
});

test('a broken item, and one that finds no room, end the stream at both ends', async t => {
  for (const [kind, value, code] of [
    [Kind.ITEM, 0, 'ERR_PROTOCOL'],
    [Kind.ITEM, [7, 'a'], 'ERR_PROTOCOL'],
    [Kind.OVERLOADED, 1, 'ERR_OVERLOADED'],
  ] as const) {
    const { receive, route, ended } = await unitOf();
    receive(Kind.STREAM, 1);
    receive(kind, 1, value);
    t.regex(route.sent().join(), /CANCEL 1/);
    await t.throwsAsync((ended[0] as AsyncIterator<unknown>).next(), { code });
  }
});

test('items for a call that is over, or whose result is no stream, are dropped', async t => {
  const { receive, ended } = await unitOf();
  t.true(receive(Kind.ITEM, 1, [1, 'a']));
  receive(Kind.RESULT, 1, 'done');
  t.true(receive(Kind.ITEM, 1, [2, 'b']));
  t.deepEqual(ended, ['done']);
});

test('a stream in the arguments is sent as the leader asks, and ends with its call', async t => {
  let returns = 0;
  let next = 0;
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ value: ++next, done: false }),
      return: async () => void returns++,
    }),
  };
  const { receive, route, call } = await unitOf(source);
  t.true(receive(Kind.PULL, STREAM_ID, [0, 2]));
  await settled();
  t.deepEqual(route.sent(), ['ITEM 9 [1,1]', 'ITEM 9 [2,2]']);
  t.true(call.hasStreamed);
  t.true(receive(Kind.PULL, STREAM_ID, 0));
  // Of another term.
  t.true(receive(Kind.PULL, 8, [2, 2]));
  receive(Kind.RESULT, 1, 'done');
  await settled();
  t.is(returns, 1);
  t.true(receive(Kind.PULL, STREAM_ID, [2, 2]));
  await settled();
  t.deepEqual(route.sent(), []);
});

test('STOP ends it, and so does an item that finds no room, of which the leader is told', async t => {
  for (const kind of [Kind.STOP, Kind.OVERLOADED]) {
    let returns = 0;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ value: 1, done: false }),
        return: async () => {
          returns++;
          throw new Error('cannot end');
        },
      }),
    };
    const { receive, route, errors } = await unitOf(source);
    receive(Kind.PULL, STREAM_ID, [0, 1]);
    await settled();
    route.sent();
    t.true(receive(kind, STREAM_ID, 0));
    await settled();
    t.is(returns, 1);
    t.is((errors[0] as Error).message, 'cannot end');
    if (kind === Kind.OVERLOADED) t.regex(route.sent().join(), /ITEMS_END 9 \[1,.*ERR_OVERLOADED/);
    else t.deepEqual(route.sent(), []);
  }
});

test('frames of another term are not heeded', async t => {
  const { calls, route, clock } = await unitOf({ async *[Symbol.asyncIterator]() {} });
  t.true(calls.receive(frame(Kind.PULL, STREAM_ID, [0, 2]), TERM + 1, clock.now()));
  t.true(calls.receive(frame(Kind.STREAM, 1), TERM + 1, clock.now()));
  await settled();
  t.deepEqual(route.sent(), []);
  t.false(calls.receive(frame(Kind.OVERLOADED, 77), TERM, clock.now()));
  t.false(calls.receive(frame(Kind.VALUE, 77), TERM, clock.now()));
});

test('an error of the leader ends a stream after its items', async t => {
  const { calls, receive, ended, clock } = await unitOf();
  receive(Kind.STREAM, 1);
  receive(Kind.ITEM, 1, [1, 'a']);
  calls.receive(payloadFrame(Kind.ERROR, 1, encodeError(new RangeError('broken'))), TERM, clock.now());
  const stream = ended[0] as AsyncIterator<unknown>;
  t.is((await stream.next()).value, 'a');
  await t.throwsAsync(stream.next(), { instanceOf: RangeError, message: 'broken' });
});
