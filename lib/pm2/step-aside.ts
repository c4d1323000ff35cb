// How a worker that is to stop gives up what it leads: each term once it is open, because until then its member may have a
// lease that the log doesn't know of.

import type { ControlFrame, LogState } from '../protocol/messages.js';
import { defer } from '../utils/deferred.js';

export class StepAside {
  readonly #whenDone = defer();
  /** Resolves once this worker leads nothing any more, or was closed. */
  readonly done = this.#whenDone.promise;
  /** Terms that were given up. */
  #yielded: Set<number> | undefined;

  constructor(private readonly me: string) {}

  /** @returns whether it hadn't begun */
  begin(): boolean {
    const isFirst = !this.#yielded;
    this.#yielded ??= new Set();
    return isFirst;
  }

  end(): void {
    this.#whenDone.resolve();
  }

  /** @returns what is to be written */
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
