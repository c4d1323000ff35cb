// Who led in which term, from what the primary says.

import { EventEmitter, once } from 'node:events';
import type { Primary } from 'cluster-shared-client';

export interface Term {
  readonly term: number;
  readonly workerId: number;
  readonly pid: number;
  /** From the kill of the leader before to a leader that serves; none for the first. */
  replacedInMs?: number;
  isReady: boolean;
  end?: string;
}

/** The primary, or who hears of the same. */
export type Teller = Pick<Primary, 'on'> | EventEmitter;

interface TermEvent {
  readonly term: number;
  readonly workerId: number;
  readonly pid: number;
}

export class Terms {
  readonly #list: Term[] = [];
  readonly #tell: (text: string) => void;
  readonly #changes = new EventEmitter();
  #killedAt: number | undefined;
  #isClosed = false;

  constructor(primary: Teller, tell: (text: string) => void) {
    this.#tell = tell;
    const teller = primary as EventEmitter;
    teller.on('appointed', event => this.#appointed(event));
    teller.on('ready', event => this.#ready(event));
    teller.on('deposed', ({ term, cause }) => this.#deposed(term, String(cause)));
  }

  /** Hears nothing more: what the end of the demo itself does to leaders isn't part of it. */
  close(): readonly Term[] {
    this.#isClosed = true;
    return this.#list;
  }

  /** Resolves with the leader that serves. */
  async leader(signal: AbortSignal): Promise<Term> {
    for (;;) {
      const last = this.#list.at(-1);
      if (last?.isReady && last.end === undefined) return last;
      await once(this.#changes, 'change', { signal });
    }
  }

  /** SIGKILL to whoever leads. */
  kill(leader: Term): void {
    leader.end = 'killed';
    this.#killedAt = performance.now();
    process.kill(leader.pid, 'SIGKILL');
    this.#tell(`worker ${leader.workerId} (pid ${leader.pid}) gets SIGKILL; it led in term ${leader.term}`);
  }

  #appointed({ term, workerId, pid }: TermEvent): void {
    if (!this.#isClosed) this.#list.push({ term, workerId, pid, isReady: false });
  }

  #ready({ term }: TermEvent): void {
    const found = this.#list.find(one => one.term === term);
    if (!found || this.#isClosed) return;
    found.isReady = true;
    if (this.#killedAt !== undefined) found.replacedInMs = performance.now() - this.#killedAt;
    this.#killedAt = undefined;
    const after = found.replacedInMs === undefined ? '' : `, ${found.replacedInMs.toFixed(1)} ms after the kill`;
    this.#tell(`worker ${found.workerId} (pid ${found.pid}) leads in term ${term}${after}`);
    this.#changes.emit('change');
  }

  #deposed(term: number, cause: string): void {
    const found = this.#list.find(one => one.term === term);
    if (found && !this.#isClosed) found.end ??= cause;
  }
}
