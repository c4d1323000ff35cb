import test from 'ava';
import { NumberedTable } from '../../lib/utils/numbered-table.js';
import { forSeeds } from '../helpers/unit/random.js';

class Item {
  behind: Item | undefined = undefined;
  constructor(readonly id: number) {}
}

function tableOf(...ids: number[]) {
  const table = new NumberedTable<Item>();
  const items = ids.map(id => new Item(id));
  for (const item of items) table.add(item);
  return { table, items };
}

test('what was added is found by its number until it is deleted', t => {
  const { table, items } = tableOf(7, 3);
  t.is(table.get(7), items[0]);
  t.is(table.get(4), undefined);
  t.true(table.delete(items[0]!));
  t.is(table.get(7), undefined);
  t.is(table.size, 1);
});

test('numbers that share a slot are kept apart, whichever goes first', t => {
  for (const gone of [0, 1, 2]) {
    const { table, items } = tableOf(1, 17, 33);
    t.true(table.delete(items[gone]!));
    for (const [i, item] of items.entries()) t.is(table.get(item.id), i === gone ? undefined : item);
    t.is(items[gone]!.behind, undefined);
  }
});

test('what is not there is not deleted, nor what has the same number and slot as something that is', t => {
  const { table, items } = tableOf(1, 17);
  for (const id of [1, 17, 33, 2]) t.false(table.delete(new Item(id)));
  t.true(table.delete(items[0]!));
  t.false(table.delete(items[0]!));
  t.is(table.size, 1);
});

test('they are listed by number, in whatever order they came', t => {
  const ids = [2 ** 40 + 1, 5, 2 ** 31, 1, 21];
  const { table } = tableOf(...ids);
  t.deepEqual(
    table.inOrder().map(({ id }) => id),
    ids.toSorted((a, b) => a - b),
  );
});

test('it holds any number of them, and is as good as new once they are gone', t => {
  const { table, items } = tableOf(...Array.from({ length: 10_000 }, (_, i) => i * 3));
  t.is(table.size, 10_000);
  t.true(items.every(item => table.get(item.id) === item));
  t.true(items.every(item => table.delete(item)));
  t.deepEqual(table.inOrder(), []);
  table.add(items[5]!);
  t.is(table.get(15), items[5]);
});

test('it holds what a Map would, whatever comes and goes', t => {
  forSeeds(50, random => {
    const table = new NumberedTable<Item>();
    const map = new Map<number, Item>();
    for (let i = 0; i < 300; i++) {
      const id = random.below(100);
      const known = map.get(id);
      if (known) {
        t.true(table.delete(known));
        map.delete(id);
      } else {
        const item = new Item(id);
        table.add(item);
        map.set(id, item);
      }
    }
    t.is(table.size, map.size);
    t.deepEqual(
      table.inOrder().map(item => item.id),
      [...map.keys()].sort((a, b) => a - b),
    );
  });
});
