// Decides when this worker claims vacant groups: each after a delay that depends on its rank. The log decides which claim
// counts.

import type { Choose } from '../group/choose.js';
import { successorIn, termOf } from '../group/queries.js';
import type { Claim } from '../protocol/bus-frames.js';
import type { BusGroup, LogState } from '../protocol/log-state.js';
import type { Clock, Timer } from '../utils/clock.js';
import { own } from '../utils/own.js';
import { claimDelay } from './preference.js';

/** A claim that had no effect is repeated after this time. */
const AGAIN_MS = 1000;

export interface ClaimsOptions {
  readonly clock: Clock;
  readonly me: string;
  readonly choose: Choose | undefined;
  send(claim: Claim): void;
}

export class Claims {
  readonly #options: ClaimsOptions;
  /**
   * The claims that wait, by group. `state`: the state of the group when the wait began; `ms`: the delay, 0 once it was
   * claimed.
   */
  readonly #waiting = new Map<string, { readonly state: string; readonly ms: number; readonly timer: Timer }>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** The state changed. */
  consider(log: LogState): void {
    const { me, choose } = this.#options;
    for (const name of this.#waiting.keys()) if (!own(log.groups, name)) this.#forget(name);
    for (const [name, group] of Object.entries(log.groups)) {
      const ms = claimDelay(log, name, me, choose);
      const state = stateOf(group);
      const waiting = this.#waiting.get(name);
      // The delay may be shorter now, because a better candidate has left.
      if (waiting?.state === state && ms !== undefined && ms >= waiting.ms) continue;
      this.#forget(name);
      if (ms !== undefined) this.#wait(name, termOf(group), state, ms);
    }
  }

  /** The state is no longer known. */
  clear(): void {
    for (const name of [...this.#waiting.keys()]) this.#forget(name);
  }

  #wait(group: string, after: number, state: string, ms: number): void {
    const { clock, send } = this.#options;
    const claim = () => {
      send({ k: 'claim', group, after });
      this.#waiting.set(group, { state, ms: 0, timer: clock.setTimer(claim, AGAIN_MS) });
    };
    if (ms === 0) claim();
    else this.#waiting.set(group, { state, ms, timer: clock.setTimer(claim, ms) });
  }

  #forget(name: string): void {
    this.#waiting.get(name)?.timer.clear();
    this.#waiting.delete(name);
  }
}

/** The part of the group's state on which a wait depends. */
function stateOf({ at, lastTerm, members }: BusGroup): string {
  const failed = Object.values(members).filter(({ hasFailed }) => hasFailed).length;
  return `${at.stage}|${successorIn(at)?.id ?? ''}|${lastTerm}|${failed}`;
}
