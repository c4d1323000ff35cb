// The leader's ends of streams in arguments: frames that are broken, late, or of nobody.

import test from 'ava';
import { StreamForm } from '../../lib/codec/handles.js';
import { ArgumentStreams } from '../../lib/leader/argument-streams.js';
import { RunningCall } from '../../lib/leader/running-call.js';
import { EXT, Kind } from '../../lib/protocol/bundle.js';
import { frame } from '../helpers/unit/route.js';

const CALLER = 2;

function unitOf() {
  const sent: string[] = [];
  const sender = {
    to: (to: number, kind: number, id: number, text: string) => sent.push(`${to} ${kind} ${id} ${text}`),
  };
  const streams = new ArgumentStreams({ sender, self: 1, own: undefined });
  const call = new RunningCall('g', 5, CALLER, 7, 'upload', 1000, 0, streams);
  const stream = call.stream(9, StreamForm.ASYNC_ITERABLE) as AsyncIterator<unknown>;
  return { streams, call, stream, sent };
}

test('items come as they are asked for, and the end after them', async t => {
  const { streams, stream, sent } = unitOf();
  const first = stream.next();
  t.deepEqual(sent, [`${CALLER} ${Kind.PULL} 9 [0,16]`]);
  streams.receive(CALLER, frame(Kind.ITEM, 9, [1, 'a']));
  streams.receive(CALLER, frame(Kind.ITEMS_END, 9, [1]));
  t.is((await first).value, 'a');
  t.true((await stream.next()).done);
});

test('a broken item, or end, is an error of the stream', async t => {
  for (const broken of [
    frame(Kind.ITEM, 9, 0),
    frame(Kind.ITEMS_END, 9, 0),
    frame(Kind.ITEMS_END | EXT, 9, [1, [99]]),
  ]) {
    const { streams, stream } = unitOf();
    const next = stream.next();
    streams.receive(CALLER, broken);
    await t.throwsAsync(next, { instanceOf: Error });
  }
});

test('a stream ends with its call, and what comes then is dropped', async t => {
  const { streams, call, stream, sent } = unitOf();
  const next = stream.next();
  streams.release(call);
  await t.throwsAsync(next, { code: 'ERR_CLOSED', message: /call of upload\(\)/ });
  streams.receive(CALLER, frame(Kind.ITEM, 9, [1, 'a']));
  streams.receive(3, frame(Kind.ITEM, 9, [1, 'a']));
  t.true((await stream.next()).done);
  await stream.return!();
  t.is(sent.length, 1);
  streams.release(call);
});
