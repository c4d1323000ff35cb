// Starts a method of the real client, with `callContext()`, in the caller's own context, and traced for diagnostics
// channels.

import { callChannel } from '../diagnostics/channels.js';
import type { ContextOption } from '../options/options.js';
import { runInContext } from './call-context.js';
import type { RunningCall } from './running-call.js';

export type Method = (...args: unknown[]) => unknown;

/** What starting a method needs from the leader. */
export interface MethodOwner {
  readonly context: ContextOption | undefined;
  /** The route by which calls of this worker arrive. */
  routeOf(workerId: number): string;
  /** Receives errors that a hook threw. They end no call. */
  report(error: unknown): void;
}

/** Hot if there are no subscribers and no carrier. @returns what the method returned, or a promise of it */
export function startMethod(call: RunningCall, method: Method, args: unknown[], host: MethodOwner): unknown {
  const isWatched = callChannel.hasSubscribers;
  const hasContext = call.carrier !== undefined && host.context !== undefined;
  if (!isWatched && !hasContext) return runInContext(call, () => method(...args));
  const run = () => (isWatched ? watched(call, method, args, host) : method(...args));
  return runInContext(call, () => (hasContext ? inContextOf(call, run, host) : run()));
}

/** Runs code that belongs to a call after its method has returned: that of the stream which it returned. */
export function runAsCall<T>(call: RunningCall, run: () => T, host: MethodOwner): T {
  const hasContext = call.carrier !== undefined && host.context !== undefined;
  return runInContext(call, () => (hasContext ? (inContextOf(call, run, host) as T) : run()));
}

function watched(call: RunningCall, method: Method, args: unknown[], host: MethodOwner): unknown {
  const { name: group, term, workerId: caller } = call;
  const route = host.routeOf(caller);
  // Always a promise: only then are all of the channels published to.
  const run = async () => method(...args);
  return callChannel.tracePromise(run, { side: 'leader', group, method: call.method, term, route, caller });
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** The method runs exactly once. The hook does not affect its result. */
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
