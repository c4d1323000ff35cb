// On a signal this process hands over the groups that it leads. Then the signal has its usual effect.

import { neutralContext } from './async-context.js';

/** `process`, as far as signals go. */
export interface SignalSource {
  /** Adds a listener before all others. */
  prepend(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  listeners(signal: NodeJS.Signals): readonly object[];
  /** Does what the signal does where nobody listens to it. */
  raise(signal: NodeJS.Signals): void;
}

/** What leads, or may come to. */
export interface Resigning {
  /** Resolves once it has left for good: then it listens no more. */
  readonly gone: Promise<void>;
  /**
   * Resolves once it leads nothing, or leads only as long as nobody else may.
   * @param lives the app listens to the signal too, and decides when the process ends
   */
  stepAside(lives: boolean): Promise<void>;
}

/** The one listener of a signal, for all that resign on it. */
class SignalListener {
  readonly #resigning = new Set<Resigning>();
  readonly #source: SignalSource;
  readonly #signal: NodeJS.Signals;
  /** The signal has come, and the process lives on: it is to end soon. */
  #hasCome = false;

  constructor(source: SignalSource, signal: NodeJS.Signals) {
    this.#source = source;
    this.#signal = signal;
  }

  add(resigning: Resigning): void {
    // What Node opens for a signal lives long, and must not keep the context of whoever asks first.
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
    // Looked at before anybody has heard of the signal: who listens once is gone after that.
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

/** Listens until `resigning` is gone. */
export function resignOnSignals(source: SignalSource, signals: readonly NodeJS.Signals[], resigning: Resigning): void {
  const bySignal = listeners.get(source) ?? new Map<NodeJS.Signals, SignalListener>();
  listeners.set(source, bySignal);
  for (const signal of signals) {
    const listener = bySignal.get(signal) ?? new SignalListener(source, signal);
    bySignal.set(signal, listener);
    listener.add(resigning);
  }
}

/** They end no process, wherever they come. */
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

/** What is needed of `process`. */
export interface SignalledProcess {
  readonly pid: number;
  prependListener(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  listeners(signal: NodeJS.Signals): readonly object[];
  kill(pid: number, signal: NodeJS.Signals): unknown;
  exit(code: number): unknown;
}

/** @param numbers of the signals, as `os.constants.signals` */
export function signalsOf(process: SignalledProcess, numbers: Partial<Record<NodeJS.Signals, number>>): SignalSource {
  return {
    prepend: (signal, listener) => process.prependListener(signal, listener),
    off: (signal, listener) => process.off(signal, listener),
    listeners: signal => process.listeners(signal),
    raise(signal) {
      // The first process of a container isn't ended by the kernel for a signal that nobody listens to.
      if (process.pid === 1 && !HARMLESS.includes(signal)) process.exit(128 + numbers[signal]!);
      else process.kill(process.pid, signal);
    },
  };
}
