// What a method that runs in the leader may ask about its call.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallContext } from '../options/options.js';

const KEY = Symbol.for('cluster-shared-client.call-context');
const globals = globalThis as { [KEY]?: AsyncLocalStorage<CallContext> };
globals[KEY] ??= new AsyncLocalStorage();

/** One for all copies of the library in this process: which of them asks may be another than the one that calls. */
const storage = globals[KEY];

/** Runs `fn` so that {@link callContext} finds `context`, in what it awaits too. */
export function runInContext<R>(context: CallContext, fn: () => R): R {
  return storage.run(context, fn);
}

/**
 * The call that runs now, inside a method of the real client: its term to hand to servers that fence, its group, a
 * signal that aborts when the caller gave up or the term ended, and its deadline. `undefined` elsewhere.
 */
export function callContext(): CallContext | undefined {
  return storage.getStore();
}
