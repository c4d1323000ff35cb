// On a signal, this process hands over the groups that it leads. Then the signal has its usual effect.

import { neutralContext } from './async-context.js';

/** The signal functions of `process`. */
export interface SignalSource {
  /** Adds a listener before all others. */
  prepend(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  listeners(signal: NodeJS.Signals): readonly object[];
  /** Performs the default action of the signal. */
  raise(signal: NodeJS.Signals): void;
}

/** A member that leads or may become the leader. */
export interface Resigning {
  /** Resolves once it has left for good. From then on, it does not listen to signals. */
  readonly gone: Promise<void>;
  /**
   * Resolves once it leads nothing, or leads only while no other member may.
   * @param lives whether the app listens to the signal too, and so decides when the process ends
   */
  stepAside(lives: boolean): Promise<void>;
}

/** The single listener for a signal, for all members that resign on it. */
class SignalListener {
  readonly #resigning = new Set<Resigning>();
  readonly #source: SignalSource;
  readonly #signal: NodeJS.Signals;
  /** The signal was received, and the app decides when the process ends, which is expected soon. */
  #hasCome = false;

  constructor(source: SignalSource, signal: NodeJS.Signals) {
    this.#source = source;
    this.#signal = signal;
  }

  add(resigning: Resigning): void {
    // Node's handle for the signal is long-lived and must not keep the first caller's context in memory.
    if (this.#resigning.size === 0)
      neutralContext.runInAsyncScope(() => this.#source.prepend(this.#signal, this.#onSignal));
    this.#resigning.add(resigning);
    if (this.#hasCome) void resigning.stepAside(true);
    void resigning.gone.then(() => this.#remove(resigning));
  }

  #remove(resigning: Resigning): void {
    if (this.#resigning.delete(resigning) && this.#resigning.size === 0) this.#source.off(this.#signal, this.#onSignal);
  }

  readonly #onSignal = async (): Promise<void> => {
    // Checked before the other listeners are called, because `once` listeners are removed then.
    const lives = this.#source.listeners(this.#signal).some(other => other !== this.#onSignal);
    this.#hasCome = lives;
    await Promise.all([...this.#resigning].map(resigning => resigning.stepAside(lives)));
    if (lives) return;
    this.#resigning.clear();
    this.#source.off(this.#signal, this.#onSignal);
    this.#source.raise(this.#signal);
  };
}

const listeners = new WeakMap<SignalSource, Map<NodeJS.Signals, SignalListener>>();

/** Listens to the signals until `resigning` is gone. */
export function resignOnSignals(source: SignalSource, signals: readonly NodeJS.Signals[], resigning: Resigning): void {
  const bySignal = listeners.get(source) ?? new Map<NodeJS.Signals, SignalListener>();
  listeners.set(source, bySignal);
  for (const signal of signals) {
    const listener = bySignal.get(signal) ?? new SignalListener(source, signal);
    bySignal.set(signal, listener);
    listener.add(resigning);
  }
}

/** Signals that do not end a process by default. */
const HARMLESS: readonly string[] = [
  'SIGCHLD',
  'SIGCONT',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGWINCH',
  'SIGINFO',
];

/** The functions of `process` that are used here. */
export interface SignalledProcess {
  readonly pid: number;
  prependListener(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  listeners(signal: NodeJS.Signals): readonly object[];
  kill(pid: number, signal: NodeJS.Signals): unknown;
  exit(code: number): unknown;
}

/** @param numbers the number of each signal, such as `os.constants.signals` */
export function signalsOf(process: SignalledProcess, numbers: Partial<Record<NodeJS.Signals, number>>): SignalSource {
  return {
    prepend: (signal, listener) => process.prependListener(signal, listener),
    off: (signal, listener) => process.off(signal, listener),
    listeners: signal => process.listeners(signal),
    raise(signal) {
      // The kernel does not end the first process of a container because of a signal without a listener.
      if (process.pid === 1 && !HARMLESS.includes(signal)) process.exit(128 + numbers[signal]!);
      else process.kill(process.pid, signal);
    },
  };
}
