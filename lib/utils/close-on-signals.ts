// Closing on a signal, and then letting the signal do what it would have done.

/** `process`, as far as signals go. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  listenerCount(signal: NodeJS.Signals): number;
  /** Sends the signal to this process. */
  raise(signal: NodeJS.Signals): void;
}

export interface Closable {
  /** Resolves once it is closed, however that came. */
  readonly gone: Promise<void>;
  leave(): Promise<void>;
}

/** Listens until the member is gone. */
export function closeOnSignals(source: SignalSource, signals: readonly NodeJS.Signals[], member: Closable): void {
  for (const signal of signals) {
    const listener = () => {
      void member.leave().then(() => {
        // Where the app or another client listens, the signal is theirs.
        if (source.listenerCount(signal) === 0) source.raise(signal);
      });
    };
    source.on(signal, listener);
    void member.gone.then(() => source.off(signal, listener));
  }
}
