// Starts a method of the real client as its caller would have it: with `callContext()`, in the caller's own context, and
// seen by those who watch calls.

import { callChannel } from '../diagnostics/channels.js';
import type { ContextOption } from '../options/options.js';
import { runInContext } from './call-context.js';
import type { RunningCall } from './running-call.js';

export type Method = (...args: unknown[]) => unknown;

/** What is to be known of the leader. */
export interface MethodOwner {
  readonly context: ContextOption | undefined;
  /** How calls of this worker come. */
  routeOf(workerId: number): string;
  /** What a hook threw, which ends no call. */
  report(error: unknown): void;
}

/** Hot where nobody watches and nothing came along. @returns what the method returned, or a promise of it */
export function startMethod(call: RunningCall, method: Method, args: unknown[], host: MethodOwner): unknown {
  const isWatched = callChannel.hasSubscribers;
  const hasContext = call.carrier !== undefined && host.context !== undefined;
  if (!isWatched && !hasContext) return runInContext(call, () => method(...args));
  const run = () => (isWatched ? watched(call, method, args, host) : method(...args));
  return runInContext(call, () => (hasContext ? inContextOf(call, run, host) : run()));
}

function watched(call: RunningCall, method: Method, args: unknown[], host: MethodOwner): unknown {
  const { name: group, term, workerId: caller } = call;
  const route = host.routeOf(caller);
  // A promise in any case: only then are all of the channels told.
  const run = async () => method(...args);
  return callChannel.tracePromise(run, { side: 'leader', group, method: call.method, term, route, caller });
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** The method runs exactly once, and how it ends is its own affair, whatever the hook does. */
function inContextOf({ carrier }: RunningCall, run: () => unknown, host: MethodOwner): unknown {
  let outcome: Outcome | undefined;
  const once = () => {
    outcome ??= outcomeOf(run);
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  };
  try {
    host.context!.extract(carrier as never, once);
  } catch (error) {
    const isTheMethods = outcome && 'error' in outcome && outcome.error === error;
    if (!isTheMethods) host.report(error);
  }
  return once();
}

function outcomeOf(run: () => unknown): Outcome {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}
