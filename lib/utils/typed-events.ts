// on(), once() and off() of a public object, with the types of its events.

import { createEmitter, type Emitter } from './emitter.js';

type AnyListener = (...args: never[]) => void;

/** `Events`: the arguments of the listeners, by the name of the event. */
export abstract class TypedEvents<Events extends { readonly [E in keyof Events]: readonly unknown[] }> {
  readonly #emitter: Emitter;

  /** @param onThrow receives what a listener threw */
  constructor(onThrow: (error: unknown) => void) {
    this.#emitter = createEmitter(onThrow);
  }

  on<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): this {
    this.#emitter.on(event, listener as unknown as AnyListener);
    return this;
  }

  once<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): this {
    this.#emitter.once(event, listener as unknown as AnyListener);
    return this;
  }

  off<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): this {
    this.#emitter.off(event, listener as unknown as AnyListener);
    return this;
  }

  protected emit(event: keyof Events & string, ...args: unknown[]): void {
    this.#emitter.emit(event, ...args);
  }

  /** No listener is called any more. */
  protected clear(): void {
    this.#emitter.clear();
  }
}
