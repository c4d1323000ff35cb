// The task of `whileLeader()` in one term. It is the real client of its group, and only runs the task.

import type { LeaderTaskFunction, OpenContext } from '../options/options.js';

/** Notifications of a run. None of them may throw. */
export interface RunObserver {
  started(): void;
  /** It ended normally, and not because its signal aborted. */
  done(term: number): void;
  /** It ended with an error. Unless its term was already over, the error ends the term and is reported with it. */
  failed(): void;
  /** Called in addition to `failed`, if its term was already over. */
  failedLate(error: unknown): void;
}

export interface RunOptions {
  readonly name: string;
  readonly task: LeaderTaskFunction;
  /** The context that `open` received. */
  readonly context: OpenContext;
  /** It was done in an earlier term and must not run again. */
  readonly isDone: boolean;
  readonly observer: RunObserver;
}

/** Its public methods are those that other workers can call. */
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

  /** Resolves when the task has ended; undefined if it never began. */
  get ended(): Promise<void> | undefined {
    return this.#ended;
  }

  /** Begins, once. It is invoked by a call, because no call is started outside the lease. */
  start(): void {
    if (this.#state === 'starting' && !this.#options.context.signal.aborted) this.#ended = this.#run();
  }

  /** Notifies the subscriber that the task is done, now or when it is. */
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
      // An abort error is the expected answer to the signal.
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
