// How a worker that will stop gives up the groups that it leads: each term once it is open. Before that, its member may
// have a lease that is not in the log.

import type { LogState } from '../protocol/log-state.js';
import type { ControlFrame } from '../protocol/messages.js';
import { defer } from '../utils/deferred.js';

export class StepAside {
  readonly #whenDone = defer();
  /** Resolves once this worker no longer leads any group, or was closed. */
  readonly done = this.#whenDone.promise;
  /** Terms that were given up. */
  #yielded: Set<number> | undefined;

  constructor(private readonly me: string) {}

  /** @returns whether this was the first call */
  begin(): boolean {
    const isFirst = !this.#yielded;
    this.#yielded ??= new Set();
    return isFirst;
  }

  end(): void {
    this.#whenDone.resolve();
  }

  /** @returns the frames to write */
  consider(log: LogState | undefined): ControlFrame[] {
    const yielded = this.#yielded;
    if (!yielded) return [];
    const frames: ControlFrame[] = [];
    let isFree = true;
    for (const [group, { at }] of Object.entries(log?.groups ?? {})) {
      if (at.stage === 'vacant' || at.leader !== this.me) continue;
      isFree = false;
      if (at.stage === 'opening' || yielded.has(at.term)) continue;
      yielded.add(at.term);
      frames.push({ k: 'yield', group, term: at.term });
    }
    if (isFree) this.end();
    return frames;
  }
}
