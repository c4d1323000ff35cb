// Calls under chaos: each ends once and in time, and is counted by how it ended.

import { setTimeout as sleep } from 'node:timers/promises';
import { SharedClientError } from 'cluster-shared-client';
import { type Deferred, defer } from '../../../lib/utils/deferred.js';
import { StallMeter } from '../process/stall-meter.js';
import { now } from '../process/wire.js';

export interface LoadCounts {
  readonly made: number;
  readonly ended: number;
  /** How often each end came, by `ok`, code and outcome, or the message of another error. */
  readonly ends: Readonly<Record<string, number>>;
}

/** What is called, and who hears of what becomes of it. */
export interface Calling {
  /** May run once: resolves with how often it has. */
  once(id: string): Promise<unknown>;
  /** May run twice. */
  again(): Promise<unknown>;
  publish(id: string): Promise<unknown>;
  notStarted(id: string): void;
  broken(text: string): void;
}

/** Beyond its deadline, on a machine that is busy. */
const MARGIN_MS = 500;
const PAUSE_MS = 20;

/** Begins at once. */
export class CallLoad {
  static readonly TIMEOUT_MS = 3000;
  readonly #ends = new Map<string, number>();
  readonly #meter = new StallMeter();
  readonly #lanes: Promise<void>[];
  #made = 0;
  #ended = 0;
  #isStopped = false;
  /** Resolves once it may go on. */
  #pause: Deferred<void> | undefined;
  #succeededAt = now();
  #gap = 0;

  constructor(
    private readonly prefix: string,
    private readonly calling: Calling,
  ) {
    const { calling: to } = this;
    const once = async (id: string) => {
      const times = await to.once(id);
      if (times !== 1) to.broken(`call ${id} ran ${times} times`);
    };
    this.#lanes = [this.#lane(once), this.#lane(once), this.#lane(() => to.again()), this.#lane(id => to.publish(id))];
  }

  get counts(): LoadCounts {
    return { made: this.#made, ended: this.#ended, ends: Object.fromEntries(this.#ends) };
  }

  /** The longest time without a success since this was last asked, in ms. */
  takeGap(): number {
    const gap = Math.max(this.#gap, now() - this.#succeededAt);
    this.#gap = 0;
    return gap;
  }

  /** Makes no call until {@link resume}; resolves once all have ended. */
  async pause(): Promise<void> {
    this.#pause ??= defer();
    while (this.#made > this.#ended) await sleep(PAUSE_MS);
  }

  resume(): void {
    this.#succeededAt = now();
    this.#pause?.resolve();
    this.#pause = undefined;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#lanes);
    this.#meter.stop();
  }

  async #lane(call: (id: string) => Promise<unknown>): Promise<void> {
    while (!this.#isStopped) {
      await this.#one(`${this.prefix}-${++this.#made}`, call);
      await sleep(PAUSE_MS);
      await this.#pause?.promise;
    }
  }

  async #one(id: string, call: (id: string) => Promise<unknown>): Promise<void> {
    const mark = this.#meter.mark();
    let end: string;
    try {
      await call(id);
      end = 'ok';
      this.#gap = Math.max(this.#gap, now() - this.#succeededAt);
      this.#succeededAt = now();
    } catch (error) {
      end = endOf(error);
      if (error instanceof SharedClientError && error.outcome === 'not-started') this.calling.notStarted(id);
      if (error instanceof SharedClientError && !error.outcome) this.calling.broken(`call ${id} ended: ${error}`);
    }
    this.#ended++;
    this.#ends.set(end, (this.#ends.get(end) ?? 0) + 1);
    const ranMs = this.#meter.ranSince(mark);
    if (ranMs > CallLoad.TIMEOUT_MS + MARGIN_MS)
      this.calling.broken(`call ${id} ended after ${Math.round(ranMs)} ms: ${end}`);
  }
}

function endOf(error: unknown): string {
  if (error instanceof SharedClientError) return `${error.code} ${error.outcome}`;
  return `error: ${(error as Error).message}`;
}
