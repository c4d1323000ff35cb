// The information about its call that a method running in the leader can get.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallContext } from '../options/options.js';

const KEY = Symbol.for('cluster-shared-client.call-context');
const globals = globalThis as { [KEY]?: AsyncLocalStorage<CallContext> };
globals[KEY] ??= new AsyncLocalStorage();

/** Shared by all copies of the library in this process: the copy that asks may be another one than the copy that calls. */
const storage = globals[KEY];

/** Runs `fn` so that {@link callContext} returns `context`, also in the code that `fn` awaits. */
export function runInContext<R>(context: CallContext, fn: () => R): R {
  return storage.run(context, fn);
}

/**
 * The current call, inside a method of the real client: its term (a fencing token for servers), its group, a signal that
 * aborts when the caller gave up or the term ended, and its deadline. `undefined` elsewhere.
 */
export function callContext(): CallContext | undefined {
  return storage.getStore();
}
