import test from 'ava';
import { readLatin1, SLACK, writeUtf8 } from '../../lib/utils/long-strings.js';

const LENGTHS = [0, 1, 1000, 256 * 1024 - 1, 256 * 1024, 1_000_000, 0xfbee9 - 1, 0xfbee9, 2_000_000];

test('a string of any length reads as what it is, and stays so when others are read', t => {
  const bytes = Buffer.alloc(2_000_010);
  for (let i = 0; i < bytes.length; i++) bytes[i] = i % 251;
  const read = LENGTHS.map(length => readLatin1(bytes, 7, 7 + length));
  for (const [i, length] of LENGTHS.entries()) {
    t.is(read[i]!.length, length);
    t.true(Buffer.from(read[i]!, 'latin1').equals(bytes.subarray(7, 7 + length)), `${length} characters`);
  }
});

test('a text is written, and whether it has the length that was thought', t => {
  const texts = [
    '',
    'abc',
    'é',
    'éa',
    'aé',
    'a€',
    '€a',
    '😀',
    '😀abc',
    'abc😀',
    'x'.repeat(100_000),
    'ä'.repeat(100_000),
  ];
  for (const text of texts) {
    const expected = Buffer.from(text);
    const bytes = Buffer.alloc(3 + expected.length + SLACK);
    t.is(writeUtf8(bytes, text, 3, text.length), expected.length === text.length, text.slice(0, 10));
    t.true(writeUtf8(bytes, text, 3, expected.length));
    t.true(bytes.subarray(3, 3 + expected.length).equals(expected));
  }
});

test('what is not ASCII is never taken for it, wherever it ends', t => {
  for (const wide of ['é', '€', '😀']) {
    for (let before = 0; before < 6; before++) {
      for (let after = 0; after < 6; after++) {
        const text = 'a'.repeat(before) + wide + 'b'.repeat(after);
        t.false(writeUtf8(Buffer.alloc(text.length + SLACK), text, 0, text.length), text);
      }
    }
  }
});
