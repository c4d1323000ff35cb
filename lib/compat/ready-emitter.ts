// An emitter with a ready state, like `sdk-base`, the base class of most real clients.

import { EventEmitter } from 'node:events';
import { afterTurn } from '../utils/after-turn.js';
import { bindToContext } from '../utils/async-context.js';
import { systemClock } from '../utils/clock.js';
import { notAMethod, notReadyInTime } from './errors.js';
import { isGeneratorFunction, runGenerator } from './run-generator.js';

export type ReadyListener = (error: Error | null) => void;

/** The options that the constructor reads. Subclasses may use others. */
interface ReadyOptions {
  /** A method that runs before the emitter is ready: async, or a generator function. */
  readonly initMethod?: string;
  readonly localStorage?: unknown;
}

export class ReadyEmitter extends EventEmitter {
  readonly options: Readonly<Record<string, unknown>>;
  #state: { readonly isReady: boolean; readonly error: Error | null } = { isReady: false, error: null };
  #waiting: ReadyListener[] = [];

  constructor(options?: ReadyOptions & object) {
    super();
    this.options = { ...options };
    if (options?.initMethod) this.#initialize(options.initMethod);
  }

  get isReady(): boolean {
    return this.#state.isReady;
  }

  get localStorage(): unknown {
    return this.options.localStorage;
  }

  /** Resolves once it is ready; rejects once it has failed. */
  ready(): Promise<void>;
  /** Calls back once it is ready, with null, or once it has failed. Also if that was long ago. */
  ready(listener: ReadyListener): void;
  /** Sets the state: ready, not ready, or failed with an error. If no listener waits, the error is emitted. */
  ready(state: boolean | Error): void;
  ready(given?: ReadyListener | boolean | Error): Promise<void> | void {
    if (given === undefined) return this.#whenReady();
    if (typeof given === 'function') this.#wait(given);
    else this.#become(given);
  }

  /** Like `ready()`, but rejects after `ms`. */
  async readyOrTimeout(ms: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = systemClock.setTimer(() => reject(notReadyInTime(ms)), ms);
      timer.ref();
      this.ready(error => {
        timer.clear();
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Resolves with the first argument of the next such event. For `'error'`, rejects with it instead. */
  await(event: string): Promise<unknown> {
    return new Promise((resolve, reject) => void this.once(event, event === 'error' ? reject : resolve));
  }

  /** Resolves with the first of these events. */
  awaitFirst(events: readonly string[]): Promise<{ event: string; args: unknown[] }> {
    return new Promise((resolve, reject) => {
      const listeners = events.map(event => [event, (...args: unknown[]) => end(event, args)] as const);
      const end = (event: string, args: unknown[]) => {
        for (const [name, listener] of listeners) this.off(name, listener);
        if (event === 'error') reject(args[0]);
        else resolve({ event, args });
      };
      for (const [name, listener] of listeners) this.on(name, listener);
    });
  }

  /** An `error` without a listener is passed to `unhandled()` and does not throw. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'error' || this.listenerCount('error') > 0) return super.emit(event, ...args);
    this.unhandled(args[0]);
    return false;
  }

  /** Receives `error` events without a listener. For subclasses. */
  protected unhandled(_error: unknown): void {}

  #whenReady(): Promise<void> {
    return new Promise((resolve, reject) => this.#wait(error => (error ? reject(error) : resolve())));
  }

  #wait(listener: ReadyListener): void {
    this.#waiting.push(bindToContext(listener));
    this.#announce();
  }

  #become(given: boolean | Error): void {
    const isError = given instanceof Error;
    this.#state = isError ? { isReady: false, error: given } : { isReady: given, error: null };
    if (isError && this.#waiting.length === 0) this.emit('error', given);
    this.#announce();
  }

  #announce(): void {
    const { isReady, error } = this.#state;
    if (!isReady && !error) return;
    const later = error ? afterTurn : systemClock.defer;
    for (const listener of this.#waiting.splice(0)) later(() => listener(error));
  }

  #initialize(name: string): void {
    const method = (this as unknown as Record<string, unknown>)[name];
    if (typeof method !== 'function') throw notAMethod('initMethod', name);
    // In a later turn, because the constructor of the subclass has not finished yet.
    const run = async () => {
      try {
        await (isGeneratorFunction(method) ? runGenerator(method.call(this)) : method.call(this));
        this.ready(true);
      } catch (error) {
        this.ready(error as Error);
      }
    };
    systemClock.defer(bindToContext(run));
  }
}
