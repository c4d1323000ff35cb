// One reader in a follower of a source in the leader that never ends by itself.

import { isDeepStrictEqual } from 'node:util';
import type { Seat } from '../contestants/contestant.js';
import { streamCase } from './stream-cases.js';

export interface ReadOrder {
  /** Of `STREAM_CASES` */
  readonly case: string;
  readonly ms: number;
}

export interface Read {
  readonly items: number;
  readonly elapsedMs: number;
}

export const JOBS = {
  /** Reads for `ms`, one item at least. */
  async read({ items }: Seat, order: ReadOrder): Promise<Read> {
    const what = streamCase(order.case);
    let count = 0;
    const start = performance.now();
    for await (const item of items!(what)) {
      if (count++ === 0 && !isDeepStrictEqual(item, what.item)) throw new Error('what came was not what was sent');
      if (performance.now() - start >= order.ms) break;
    }
    return { items: count, elapsedMs: performance.now() - start };
  },
};
