import test from 'ava';
import { MultiMap } from '../../lib/utils/multi-map.js';

test('values are found under their key, and in the order in which keys came first', t => {
  const map = new MultiMap<string, number>();
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['a', 1],
  ] as const)
    map.add(key, value);
  t.deepEqual(map.of('a'), [1, 3]);
  t.deepEqual([...map], [1, 3, 2]);
  t.false(map.delete('a', 9));
  t.false(map.delete('c', 1));
  t.true(map.delete('b', 2));
  t.deepEqual(map.of('b'), []);
  t.deepEqual([...map], [1, 3]);
  map.deleteAll('a');
  map.add('d', 4);
  t.deepEqual([...map], [4]);
  map.clear();
  t.deepEqual([...map], []);
});
