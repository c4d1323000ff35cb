// Calls to the leader, as many at once as the case says.

import { isDeepStrictEqual } from 'node:util';
import type { Seat } from '../contestants/contestant.js';
import { slowed } from '../contestants/slowed.js';
import { drive, type Measured, warm } from './drive.js';
import { ECHO_CASES, type EchoCase } from './echo-cases.js';

export interface DriveOrder {
  /** Of {@link ECHO_CASES} */
  readonly case: string;
  readonly ms: number;
}

export const JOBS = {
  /** Returns whether what comes back is what was sent. */
  async warmUp({ echo }: Seat, order: DriveOrder): Promise<boolean> {
    const { value, inFlight } = prepare(order);
    const start = performance.now();
    const isSame = isDeepStrictEqual(await echo(value), value);
    // A single call that takes longer than the warm-up has warmed up enough, and many such would take minutes.
    if (performance.now() - start < order.ms) await drive(echo, value, inFlight, order.ms);
    return isSame;
  },

  warmUpCalls(
    { echo }: Seat,
    { calls, ...order }: Pick<DriveOrder, 'case'> & { readonly calls: number },
  ): Promise<void> {
    const { value, inFlight } = prepare(order);
    return warm(echo, value, inFlight, calls);
  },

  drive({ echo }: Seat, order: DriveOrder): Promise<Measured> {
    const { value, inFlight } = prepare(order);
    return drive(slowed(echo), value, inFlight, order.ms);
  },
};

function prepare(order: Pick<DriveOrder, 'case'>): Pick<EchoCase, 'inFlight'> & { readonly value: unknown } {
  const { inFlight, value } = ECHO_CASES.find(({ name }) => name === order.case)!;
  return { inFlight, value: value() };
}
