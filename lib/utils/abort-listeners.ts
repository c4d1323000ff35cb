// Adds at most one listener to each AbortSignal of the app, because Node warns about more than ten.

type AbortListener = () => void;

interface Shared {
  readonly listeners: Set<AbortListener>;
  readonly onAbort: AbortListener;
}

const shared = new WeakMap<AbortSignal, Shared>();

/** Calls `listener` when the signal aborts. Adding the same listener again has no effect. */
export function listenToAbort(signal: AbortSignal, listener: AbortListener): void {
  const known = shared.get(signal) ?? share(signal);
  known.listeners.add(listener);
}

/** Idempotent. After the last listener of a signal is removed, nothing is left on the signal. */
export function stopListeningToAbort(signal: AbortSignal, listener: AbortListener): void {
  const known = shared.get(signal);
  if (!known?.listeners.delete(listener) || known.listeners.size > 0) return;
  shared.delete(signal);
  signal.removeEventListener('abort', known.onAbort);
}

function share(signal: AbortSignal): Shared {
  const listeners = new Set<AbortListener>();
  const onAbort = () => {
    // A listener that an earlier one removes is not called.
    for (const listener of listeners) listener();
    shared.delete(signal);
  };
  const made = { listeners, onAbort };
  shared.set(signal, made);
  signal.addEventListener('abort', onAbort, { once: true });
  return made;
}
