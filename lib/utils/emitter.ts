// The only file that imports eventemitter2.

import eventemitter2 from 'eventemitter2';
import { bindToContext } from './async-context.js';

/** An emitter that does not throw if `error` has no listener. Each listener runs in the context in which it was added. */
export interface Emitter {
  on(event: string, listener: (...args: never[]) => void): void;
  once(event: string, listener: (...args: never[]) => void): void;
  off(event: string, listener: (...args: never[]) => void): void;
  /** Calls every listener, even if others throw. `onThrow` receives their errors. */
  emit(event: string, ...args: unknown[]): void;
  /** Like `emit`, but calls `copy` to get new arguments for each listener. */
  emitCopies(event: string, copy: () => unknown[]): void;
  clear(): void;
}

/**
 * @param onThrow receives what a listener threw. It must not throw, and is not called again for errors thrown while it
 * runs
 */
export function createEmitter(onThrow: (error: unknown) => void, options: { wildcard?: boolean } = {}): Emitter {
  const emitter = new eventemitter2.EventEmitter2({
    wildcard: options.wildcard ?? false,
    maxListeners: 0,
    ignoreErrors: true,
  });
  type EventListener = (this: { event: string }, ...args: unknown[]) => void;
  let isReporting = false;
  const report = (error: unknown) => {
    if (isReporting) return;
    isReporting = true;
    onThrow(error);
    isReporting = false;
  };
  const emitCopies = (event: string, copy: () => unknown[]) => {
    // A copy, because a `once` listener removes itself from the list.
    for (const listener of [...(emitter.listeners(event) as EventListener[])]) {
      try {
        // Like eventemitter2: with wildcards, a listener can read the name of the event from `this`.
        listener.apply({ event }, copy());
      } catch (error) {
        report(error);
      }
    }
  };
  const on = (event: string, listener: EventListener, call: EventListener) => {
    // eventemitter2 searches for this property when a listener is removed.
    const bound = Object.assign(bindToContext(call), { listener });
    emitter.on(event, bound);
    return bound;
  };
  const once = (event: string, listener: EventListener) => {
    const bound = on(event, listener, function (...args) {
      emitter.off(event, bound);
      Reflect.apply(listener, this, args);
    });
  };
  return {
    on: (event, listener) => void on(event, listener as EventListener, listener as EventListener),
    once: (event, listener) => once(event, listener as EventListener),
    off: (event, listener) => void emitter.off(event, listener as EventListener),
    emit: (event, ...args) => emitCopies(event, () => args),
    emitCopies,
    clear: () => void emitter.removeAllListeners(),
  };
}
