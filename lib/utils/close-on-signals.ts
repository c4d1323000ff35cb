// Closing on a signal, and then letting the signal do what it would have done.

/** `process`, as far as signals go. */
export interface SignalSource {
  /** Adds a listener before all others. */
  prepend(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  listeners(signal: NodeJS.Signals): readonly object[];
  /** Sends the signal to this process. */
  raise(signal: NodeJS.Signals): void;
}

export interface Closable {
  /** Resolves once it is closed, however that came. */
  readonly gone: Promise<void>;
  close(): Promise<void>;
}

const ours = new WeakSet<object>();

/** Listens until the member is gone. */
export function closeOnSignals(source: SignalSource, signals: readonly NodeJS.Signals[], member: Closable): void {
  for (const signal of signals) {
    const listener = () => {
      // Looked at before anybody has heard of the signal: who listens once is gone after that.
      const isTheirs = source.listeners(signal).some(other => !ours.has(other));
      void member.close().then(() => {
        // Where another client still closes, it raises the signal in the end.
        if (!isTheirs && source.listeners(signal).length === 0) source.raise(signal);
      });
    };
    ours.add(listener);
    source.prepend(signal, listener);
    void member.gone.then(() => source.off(signal, listener));
  }
}
