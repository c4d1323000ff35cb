// Claims against a leader or successor that was silent for too long. The rank of a candidate delays its claim, so that
// usually only one of them claims.

import type { Choose } from '../group/choose.js';
import { candidatesOf, termHeldBy } from '../group/queries.js';
import type { Claim } from '../protocol/bus-frames.js';
import type { LogState } from '../protocol/log-state.js';
import type { Clock } from '../utils/clock.js';
import { own } from '../utils/own.js';
import { rank, STEP_MS } from './preference.js';
import { watchedTerm } from './watch.js';

export interface SuccessionOptions {
  readonly clock: Clock;
  readonly me: string;
  readonly choose: Choose | undefined;
  /** The state, if it is known. */
  log(): LogState | undefined;
  claim(claim: Claim): void;
}

/** Claims the terms that `silent` holds, unless it sends a packet or another worker claims before the delay has passed. */
export function succeed(silent: string, { clock, me, choose, log, claim }: SuccessionOptions): void {
  const seenNow = log()!;
  const { seen } = seenNow.peers[silent]!;
  for (const [group, state] of Object.entries(seenNow.groups)) {
    const after = watchedTerm(state, silent, me);
    if (after === undefined) continue;
    const ids = new Set([...candidatesOf(state, silent), me]);
    const due = () => {
      const { groups = {}, peers = {} } = log() ?? {};
      const now = own(groups, group);
      if (!now || termHeldBy(now, silent) !== after || own(peers, silent)?.seen !== seen) return;
      claim({ k: 'claim', group, after, seen });
    };
    clock.setTimer(due, rank(seenNow, group, [...ids], me, choose) * STEP_MS);
  }
}
