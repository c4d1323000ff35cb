// The work of a worker: calls and publications, one after the other in several loops, until it is told to stop.

import { setTimeout as pause } from 'node:timers/promises';
import type { Counter } from './counter.js';
import type { Answer, DemoCalls } from './real-clients.js';

export const TOPIC = 'news';

const GET_LOOPS = 6;
const INCR_LOOPS = 2;
const CALL_EVERY_MS = 5;
const PUBLISH_EVERY_MS = 20;

export interface LoadOptions {
  readonly calls: DemoCalls;
  readonly counter: Counter;
  /** The term of which this worker knows. */
  readonly term: () => number | undefined;
}

export class Load {
  readonly #options: LoadOptions;
  readonly #loops: Promise<void>[] = [];
  #stopped = false;
  #ids = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  start(): void {
    const { calls } = this.#options;
    for (let n = 0; n < GET_LOOPS; n++)
      this.#loops.push(this.#loop(CALL_EVERY_MS, () => this.#call(id => calls.get(id))));
    for (let n = 0; n < INCR_LOOPS; n++)
      this.#loops.push(this.#loop(CALL_EVERY_MS, () => this.#call(id => calls.incr(id))));
    this.#loops.push(this.#loop(PUBLISH_EVERY_MS, () => this.#publish()));
  }

  /** Resolves once no call is in progress any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    this.#options.counter.gapEnds();
  }

  async #loop(everyMs: number, work: () => Promise<void>): Promise<void> {
    while (!this.#stopped) {
      await work();
      await pause(everyMs);
    }
  }

  async #call(call: (id: string) => Promise<Answer>): Promise<void> {
    const { counter, term } = this.#options;
    const madeIn = term() ?? 0;
    counter.made();
    try {
      const answer = await call(`${process.pid}-${++this.#ids}`);
      counter.succeeded((answer.term ?? 0) > madeIn);
    } catch (error) {
      counter.failed(error);
    }
  }

  async #publish(): Promise<void> {
    const { calls, counter } = this.#options;
    try {
      await calls.publish(TOPIC, `from ${process.pid}`);
      counter.published();
    } catch {
      counter.publishFailed();
    }
  }
}
