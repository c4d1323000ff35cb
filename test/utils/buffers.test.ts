import test from 'ava';
import { acquireBuffer, releaseBuffer } from '../../lib/utils/buffers.js';

const MIB = 1024 * 1024;

test.serial('what was given back is used again, by one at a time', t => {
  const first = acquireBuffer(100_000);
  releaseBuffer(first.subarray(5, 10));
  const again = acquireBuffer(90_000);
  t.is(again.buffer, first.buffer);
  t.is(again.length, 100_000);
  t.not(acquireBuffer(90_000).buffer, first.buffer);
});

test.serial('what is too small for the next one waits for a smaller one', t => {
  const small = acquireBuffer(70_000);
  releaseBuffer(small);
  const large = acquireBuffer(2 * MIB);
  t.true(large.length >= 2 * MIB);
  t.is(acquireBuffer(70_000).buffer, small.buffer);
});

test.serial('of many that are free the two largest are kept', t => {
  const rooms = [100_000, 300_000, 200_000, 150_000].map(acquireBuffer);
  for (const room of rooms) releaseBuffer(room);
  // The last one is always kept.
  const kept = [acquireBuffer(65_536), acquireBuffer(65_536)].map(({ length }) => length);
  t.deepEqual(kept, [300_000, 150_000]);
  t.is(acquireBuffer(65_536).length, 65_536);
});

test.serial('a little and very much are made anew each time', t => {
  for (const size of [100, 2 * MIB + 1]) {
    const room = acquireBuffer(size);
    t.true(room.length >= size);
    releaseBuffer(room);
    t.is(acquireBuffer(2 * MIB).length, 2 * MIB);
  }
});

test.serial('what was not taken here, or was given back already, is left alone', t => {
  const foreign = Buffer.allocUnsafeSlow(100_000);
  releaseBuffer(foreign);
  const room = acquireBuffer(100_000);
  releaseBuffer(room);
  releaseBuffer(room);
  t.deepEqual(
    [acquireBuffer(100_000), acquireBuffer(100_000)].map(({ buffer }) => [
      buffer === foreign.buffer,
      buffer === room.buffer,
    ]),
    [
      [false, true],
      [false, false],
    ],
  );
});
