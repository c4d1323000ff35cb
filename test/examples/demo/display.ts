// What is seen while the demo runs: on a terminal one line that is kept up to date, elsewhere a plain line a second.

import { createLogUpdate } from 'log-update';
import type { Connections } from '../../helpers/upstream/protocol.js';
import type { Counts } from './messages.js';

const LINE_EVERY_MS = 1000;

export interface Live extends Counts {
  readonly workers: number;
  readonly connections: Connections;
}

export class Display {
  readonly #stream: NodeJS.WriteStream;
  readonly #update: ReturnType<typeof createLogUpdate> | undefined;
  #start = performance.now();
  #shownAt = performance.now();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#update = stream.isTTY ? createLogUpdate(stream) : undefined;
  }

  /** A new half; its clock begins at 0. */
  begin(title: string): void {
    this.#start = this.#shownAt = performance.now();
    this.#line(`\n${title}`);
  }

  /** Something happened; the line stays. */
  event(text: string): void {
    this.#line(`${this.#clock()} ${text}`);
  }

  live(live: Live): void {
    const text = `${this.#clock()} ${inWords(live)}`;
    const isDue = performance.now() - this.#shownAt >= LINE_EVERY_MS;
    if (this.#update) this.#update(text);
    else if (isDue) this.#line(text);
    if (isDue) this.#shownAt = performance.now();
  }

  /** Gives the cursor back. */
  close(): void {
    this.#update?.clear();
    this.#update?.done();
  }

  #line(text: string): void {
    this.#update?.clear();
    this.#stream.write(`${text}\n`);
  }

  #clock(): string {
    return `${((performance.now() - this.#start) / 1000).toFixed(2).padStart(7)} s `;
  }
}

const inWords = ({ workers, connections, made, failed, retried, longestGapMs, missed }: Live) =>
  [
    `${workers} workers`,
    `${connections.live} connection${connections.live === 1 ? '' : 's'}`,
    `${made.toLocaleString('en')} calls`,
    `${failed} failed`,
    `${retried} retried`,
    `longest gap ${longestGapMs.toFixed(0)} ms`,
    `${missed} updates missed`,
  ].join(', ');
