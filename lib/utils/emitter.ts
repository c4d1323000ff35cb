// The only file that knows eventemitter2.

import eventemitter2 from 'eventemitter2';
import { bindToContext } from './async-context.js';

/** An emitter that never throws for want of an `error` listener. Each listener runs in the context that registered it. */
export interface Emitter {
  on(event: string, listener: (...args: never[]) => void): void;
  once(event: string, listener: (...args: never[]) => void): void;
  off(event: string, listener: (...args: never[]) => void): void;
  /** Calls every listener, whatever the others throw; `onThrow` hears of it. */
  emit(event: string, ...args: unknown[]): void;
  /** The same, with arguments of its own for each listener. */
  emitCopies(event: string, copy: () => unknown[]): void;
  clear(): void;
}

/** @param onThrow what a listener threw; it must not throw itself, and isn't told what listeners throw because of it */
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
    // A copy: whoever listens once leaves the list while it is read.
    for (const listener of [...(emitter.listeners(event) as EventListener[])]) {
      try {
        // As eventemitter2 does: with wildcards a listener may ask which event it was.
        listener.apply({ event }, copy());
      } catch (error) {
        report(error);
      }
    }
  };
  const on = (event: string, listener: EventListener, call: EventListener) => {
    // By `listener` eventemitter2 finds it again, to take it off.
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
