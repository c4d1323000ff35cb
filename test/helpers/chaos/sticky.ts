// A sticky publication under chaos: replaced again and again.

import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 300;

export class StickyLoad {
  /** Of the last one that was accepted. */
  newest = 0;
  #lane: Promise<void> | undefined;
  #isStopped = false;

  start(publish: (value: number) => Promise<unknown>): void {
    this.#lane = this.#run(publish);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#lane;
  }

  async #run(publish: (value: number) => Promise<unknown>): Promise<void> {
    for (let value = 1; !this.#isStopped; value++) {
      try {
        await publish(value);
        this.newest = value;
      } catch {
        // It ends as any call may. The next one takes its place.
      }
      await sleep(PAUSE_MS);
    }
  }
}
