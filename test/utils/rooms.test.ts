import test from 'ava';
import { giveRoom, takeRoom } from '../../lib/utils/rooms.js';

const MIB = 1024 * 1024;

test.serial('what was given back is used again, by one at a time', t => {
  const first = takeRoom(100_000);
  giveRoom(first.subarray(5, 10));
  const again = takeRoom(90_000);
  t.is(again.buffer, first.buffer);
  t.is(again.length, 100_000);
  t.not(takeRoom(90_000).buffer, first.buffer);
});

test.serial('what is too small for the next one waits for a smaller one', t => {
  const small = takeRoom(70_000);
  giveRoom(small);
  const large = takeRoom(2 * MIB);
  t.true(large.length >= 2 * MIB);
  t.is(takeRoom(70_000).buffer, small.buffer);
});

test.serial('of many that are free the two largest are kept', t => {
  const rooms = [100_000, 300_000, 200_000, 150_000].map(takeRoom);
  for (const room of rooms) giveRoom(room);
  // The last one is always kept.
  const kept = [takeRoom(65_536), takeRoom(65_536)].map(({ length }) => length);
  t.deepEqual(kept, [300_000, 150_000]);
  t.is(takeRoom(65_536).length, 65_536);
});

test.serial('a little and very much are made anew each time', t => {
  for (const size of [100, 2 * MIB + 1]) {
    const room = takeRoom(size);
    t.true(room.length >= size);
    giveRoom(room);
    t.is(takeRoom(2 * MIB).length, 2 * MIB);
  }
});

test.serial('what was not taken here, or was given back already, is left alone', t => {
  const foreign = Buffer.allocUnsafeSlow(100_000);
  giveRoom(foreign);
  const room = takeRoom(100_000);
  giveRoom(room);
  giveRoom(room);
  t.deepEqual(
    [takeRoom(100_000), takeRoom(100_000)].map(({ buffer }) => [buffer === foreign.buffer, buffer === room.buffer]),
    [
      [false, true],
      [false, false],
    ],
  );
});
