// What a method that runs in the leader may ask about its call.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallContext } from '../options.js';

const storage = new AsyncLocalStorage<CallContext>();

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
