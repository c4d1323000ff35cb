// One call for each item in place of a stream, as remote iterators of other libraries do it.

import type { Contestant } from './contestant.js';

export function byCalls({ primary, join }: Contestant): Contestant {
  return {
    primary,
    join: async () => {
      const seat = await join();
      return {
        ...seat,
        async *items({ name }) {
          for (;;) yield await seat.item!(name);
        },
      };
    },
  };
}
