// One listener for each AbortSignal of the app, however many parts listen to it: Node warns of more than ten.

type AbortListener = () => void;

interface Shared {
  readonly listeners: Set<AbortListener>;
  readonly onAbort: AbortListener;
}

const shared = new WeakMap<AbortSignal, Shared>();

/** Calls `listener` once the signal aborts. A listener is known by itself: the same one listens once. */
export function listenToAbort(signal: AbortSignal, listener: AbortListener): void {
  const known = shared.get(signal) ?? share(signal);
  known.listeners.add(listener);
}

/** Idempotent. After the last of a signal nothing is left on it. */
export function stopListeningToAbort(signal: AbortSignal, listener: AbortListener): void {
  const known = shared.get(signal);
  if (!known?.listeners.delete(listener) || known.listeners.size > 0) return;
  shared.delete(signal);
  signal.removeEventListener('abort', known.onAbort);
}

function share(signal: AbortSignal): Shared {
  const listeners = new Set<AbortListener>();
  const onAbort = () => {
    // One that is taken off by an earlier one isn't called any more.
    for (const listener of listeners) listener();
    shared.delete(signal);
  };
  const made = { listeners, onAbort };
  shared.set(signal, made);
  signal.addEventListener('abort', onAbort, { once: true });
  return made;
}
