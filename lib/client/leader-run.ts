// The task of `whileLeader()` in one term: the real client of its group, which does nothing but to run it.

import type { LeaderTaskFunction, OpenContext } from '../options/options.js';

/** What a run tells of itself. None of it may throw. */
export interface RunObserver {
  started(): void;
  /** It ended normally, and not because it was asked to. */
  done(term: number): void;
  /** It ended with an error, which ends the term, and is told by it. */
  failed(): void;
  /** Its term was over by then. */
  failedLate(error: unknown): void;
}

export interface RunOptions {
  readonly name: string;
  readonly task: LeaderTaskFunction;
  /** What `open` was given. */
  readonly context: OpenContext;
  /** It was done in an earlier term, and isn't to be done again. */
  readonly isDone: boolean;
  readonly observer: RunObserver;
}

/** Its public methods are what other workers can call. */
export class LeaderRun {
  readonly #options: RunOptions;
  #state: 'starting' | 'running' | 'done' | 'ended';
  #ended: Promise<void> | undefined;
  #resolveDone: ((isDone: boolean) => void) | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#state = options.isDone ? 'done' : 'starting';
  }

  get state(): 'starting' | 'running' | 'stopping' | 'done' | 'ended' {
    return this.#state === 'running' && this.#options.context.signal.aborted ? 'stopping' : this.#state;
  }

  /** Resolves when the task runs no more, or never began to. */
  get ended(): Promise<void> | undefined {
    return this.#ended;
  }

  /** Begins, once. It is asked for by a call, because no call is started outside the lease. */
  start(): void {
    if (this.#state === 'starting' && !this.#options.context.signal.aborted) this.#ended = this.#run();
  }

  /** Whoever asks hears that the task is done, now or when it is. */
  subscribe(_topic: string, listener: (isDone: boolean) => void): void {
    this.#resolveDone = listener;
    if (this.#state === 'done') listener(true);
  }

  unsubscribe(): void {
    this.#resolveDone = undefined;
  }

  async #run(): Promise<void> {
    const { name, task, context, observer } = this.#options;
    const { term, signal } = context;
    this.#state = 'running';
    observer.started();
    try {
      await task(signal, { name, term });
      this.#state = signal.aborted ? 'ended' : 'done';
    } catch (error) {
      this.#state = 'ended';
      // That it was told to stop is no news.
      if (signal.aborted && isAbort(error, signal)) return;
      observer.failed();
      if (signal.aborted) observer.failedLate(error);
      else context.fail(error);
    }
    if (this.#state !== 'done') return;
    this.#resolveDone?.(true);
    observer.done(term);
  }
}

const isAbort = (error: unknown, signal: AbortSignal): boolean =>
  error === signal.reason || (error instanceof Error && error.name === 'AbortError');
