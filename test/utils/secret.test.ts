import test from 'ava';
import { isSameSecret, memberKey, sign } from '../../lib/utils/secret.js';

test('secrets are the same or not, whatever their lengths', t => {
  t.true(isSameSecret('ä', 'ä'));
  for (const other of ['', 'a', 'ää', 'a\u0308']) t.false(isSameSecret(other, 'ä'));
});

test("each member's key is its own, in each term and group, and none of them is the secret", t => {
  const of: readonly (readonly [string, string, number, number])[] = [
    ['s', 'g', 1, 2],
    ['s', 'g', 1, 3],
    ['s', 'g', 2, 2],
    ['s', 'h', 1, 2],
    ['t', 'g', 1, 2],
    // Nothing that runs into the next word.
    ['s', 'g",1', 1, 2],
  ];
  const keys = of.map(([secret, group, term, workerId]) => memberKey(secret, group, term, workerId));
  t.is(new Set(keys).size, of.length);
  t.is(memberKey('s', 'g', 1, 2), keys[0]!);
  t.not(sign('k', ['a', 'bc']), sign('k', ['ab', 'c']));
});
