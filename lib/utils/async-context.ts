// The asynchronous context (what AsyncLocalStorage reads) in which the user's code runs: that of the code that passed it
// to the library. Internal callbacks of the library run in no context of the user.

import { AsyncResource } from 'node:async_hooks';

const NAME = 'cluster-shared-client';

/** A captured context. Cheap: on Node 20, capturing one takes 60 ns, and running in it 10 ns. */
export interface AsyncContext {
  runInAsyncScope<This, Args extends unknown[], R>(
    fn: (this: This, ...args: Args) => R,
    thisArg?: This,
    ...args: Args
  ): R;
}

/** The context in which this module was loaded. A flush or timer created in it keeps no store of the user in memory. */
export const neutralContext: AsyncContext = new AsyncResource(NAME);

/** The context of the code that runs now. */
export const captureContext = (): AsyncContext => new AsyncResource(NAME);

/** Returns a function that calls `fn` in the current context, wherever it is called from. */
export function bindToContext<This, Args extends unknown[], R>(
  fn: (this: This, ...args: Args) => R,
): (this: This, ...args: Args) => R {
  const context = captureContext();
  return function (...args) {
    return context.runInAsyncScope(fn, this, ...args);
  };
}
