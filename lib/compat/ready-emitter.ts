// An emitter that becomes ready, as the base class `sdk-base` of most real clients has it.

import { EventEmitter } from 'node:events';
import { afterTurn } from '../utils/after-turn.js';
import { bindToContext } from '../utils/async-context.js';
import { systemClock } from '../utils/clock.js';
import { notAMethod, notReadyInTime } from './errors.js';
import { isGeneratorFunction, runGenerator } from './run-generator.js';

export type ReadyListener = (error: Error | null) => void;

/** What the constructor reads; the rest is for whoever extends it. */
interface ReadyOptions {
  /** A method to be run before it is ready: async, or a generator. */
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

  /** Resolves once it is ready, rejects once it can't be. */
  ready(): Promise<void>;
  /** Calls back, with null once it is ready; also if it has been for long. */
  ready(listener: ReadyListener): void;
  /** Says whether it is ready, or why it can't be. Without anybody who waits for it, an error is emitted. */
  ready(state: boolean | Error): void;
  ready(given?: ReadyListener | boolean | Error): Promise<void> | void {
    if (given === undefined) return this.#whenReady();
    if (typeof given === 'function') this.#wait(given);
    else this.#become(given);
  }

  /** As `ready()`, but for no longer than `ms`. */
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

  /** Resolves with the first argument of the next such event; rejects with the next `error`, if that is asked for. */
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

  /** An `error` that nobody listens to goes to `unheard()` and kills nothing. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'error' || this.listenerCount('error') > 0) return super.emit(event, ...args);
    this.unhandled(args[0]);
    return false;
  }

  /** For whoever extends it. */
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
    // Whoever extends this class isn't constructed yet.
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
