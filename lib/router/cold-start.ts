// At a cold start the first worker joins all its groups before the others have started. A new group waits for them briefly,
// so that one worker does not lead all groups.

import type { Clock, Timer } from '../utils/clock.js';

const WAIT_MS = 200;

/** A group that waits for more candidates. */
interface WaitingGroup {
  stopHoldingOpen(): void;
}

export class ColdStart {
  readonly #groups = new Set<WaitingGroup>();
  #timer: Timer | undefined;

  constructor(private readonly clock: Clock) {}

  /** All groups end their wait at once, so that appointments of one tick share a heartbeat. */
  add(group: WaitingGroup): void {
    this.#groups.add(group);
    this.#timer ??= this.clock.setTimer(() => {
      this.#timer = undefined;
      const groups = [...this.#groups];
      this.#groups.clear();
      for (const each of groups) each.stopHoldingOpen();
    }, WAIT_MS);
  }

  remove(group: WaitingGroup): void {
    if (!this.#groups.delete(group) || this.#groups.size > 0) return;
    this.#timer?.clear();
    this.#timer = undefined;
  }
}
