// The subscriptions of one client: its listeners by key, and the timeout of the first value.

import { lenient } from '../codec/lenient.js';
import type { Clock, Timer } from '../utils/clock.js';
import type { Handle } from './groups.js';
import type { ResolvedOptions } from './options.js';
import { decodeAll } from './transcode.js';

type RegistrationListener = (value: unknown) => unknown;

interface Registration {
  readonly listener: RegistrationListener;
  end(): void;
}

interface Key {
  registrations: Registration[];
  hasValue: boolean;
  timer: Timer | undefined;
}

export class Registrations {
  readonly #keys = new Map<string, Key>();

  constructor(
    private readonly handle: Handle,
    private readonly options: ResolvedOptions,
    private readonly clock: Clock,
    private readonly late: (key: string, waitedMs: number, expectedMs: number) => void,
  ) {}

  add(reg: unknown, listener: RegistrationListener): void {
    const { formatKey, transcode } = this.options;
    const key = formatKey(reg as never);
    const entry = this.#entry(key);
    const subscription = this.handle.subscribe(lenient([key, reg]), values => {
      entry.hasValue = true;
      entry.timer?.clear();
      const [value] = decodeAll(transcode, values);
      return listener(value);
    });
    entry.registrations.push({ listener, end: () => void subscription.unsubscribe() });
    if (!entry.hasValue) this.#expect(key, entry);
  }

  /** Without a listener, removes all. */
  remove(reg: unknown, listener?: RegistrationListener): void {
    const key = this.options.formatKey(reg as never);
    const entry = this.#keys.get(key);
    if (!entry) return;
    const isMeant = (one: Registration) => listener === undefined || one.listener === listener;
    for (const one of entry.registrations.filter(isMeant)) one.end();
    entry.registrations = entry.registrations.filter(one => !isMeant(one));
    if (entry.registrations.length === 0) this.#end(key, entry);
  }

  clear(): void {
    for (const [key, entry] of this.#keys) {
      for (const one of entry.registrations) one.end();
      this.#end(key, entry);
    }
  }

  #entry(key: string): Key {
    let entry = this.#keys.get(key);
    if (!entry) {
      entry = { registrations: [], hasValue: false, timer: undefined };
      this.#keys.set(key, entry);
    }
    return entry;
  }

  #end(key: string, entry: Key): void {
    entry.timer?.clear();
    this.#keys.delete(key);
  }

  /** The time starts again with each new subscription. */
  #expect(key: string, entry: Key): void {
    const { subscribeTimeout } = this.options;
    if (subscribeTimeout === undefined) return;
    const { clock, late } = this;
    const from = clock.now();
    entry.timer?.clear();
    entry.timer = clock.setTimer(() => late(key, clock.now() - from, subscribeTimeout), subscribeTimeout);
  }
}
