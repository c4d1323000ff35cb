import test from 'ava';
import { FRAME_BYTES, headOfBytes, headToBytes } from '../../lib/protocol/head.js';
import { forSeeds } from '../helpers/unit/random.js';

test('a head is what it was once it was bytes', t => {
  const head = [65, 1, 2, 3, 257, 2 ** 48 - 1, 2 ** 32 - 1, 2 ** 31, 0, 0, 0, 0];
  const bytes = headToBytes(head);
  t.is(bytes.length, 3 * FRAME_BYTES);
  t.deepEqual(headOfBytes(bytes), head);
});

test('so is any head', t => {
  forSeeds(100, random => {
    const upTo = (bits: number) => Math.floor(random.next() * 2 ** random.below(bits + 1));
    const head = Array.from({ length: random.below(20) }, () => [upTo(32), upTo(48), upTo(32), upTo(32)]).flat();
    t.deepEqual(headOfBytes(headToBytes(head)), head);
  });
});

test('bytes of another length are no head', t => {
  t.is(headOfBytes(new Uint8Array(FRAME_BYTES + 1)), undefined);
});
