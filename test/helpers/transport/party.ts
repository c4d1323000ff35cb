// The test's side of an Actor, here or in another process: what it told, and a way to ask and to wait.

import type { Command, EndEvent, ListenerCounts, SendReport } from './actor.js';

type Condition = (events: readonly EndEvent[]) => boolean;

/** One end of a transport, as a test sees it. */
export class PeerState {
  /** All that the end reported, in order. */
  readonly events: EndEvent[] = [];
  readonly #ask: (command: Command) => Promise<unknown>;
  #waits: { readonly condition: Condition; readonly resolve: () => void }[] = [];

  constructor(ask: (command: Command) => Promise<unknown>) {
    this.#ask = ask;
  }

  readonly push = (event: EndEvent): void => {
    this.events.push(event);
    const met = this.#waits.filter(wait => wait.condition(this.events));
    this.#waits = this.#waits.filter(wait => !met.includes(wait));
    for (const wait of met) wait.resolve();
  };

  async until(condition: Condition): Promise<void> {
    if (!condition(this.events)) await new Promise<void>(resolve => this.#waits.push({ condition, resolve }));
  }

  /** Waits for `count` events of a kind. */
  untilSeen(kind: EndEvent['kind'], count = 1): Promise<void> {
    return this.until(events => events.filter(event => event.kind === kind).length >= count);
  }

  /** The numbers of the messages that came, in order. */
  get numbers(): number[] {
    return this.events.flatMap(event => (event.kind === 'message' ? event.n : []));
  }

  /** The messages that came and are not ours to number. */
  get foreign(): unknown[] {
    return this.events.flatMap(event => (event.kind === 'foreign' ? [event.value] : []));
  }

  get kinds(): EndEvent['kind'][] {
    return this.events.map(event => event.kind);
  }

  async do(command: Command): Promise<void> {
    await this.#ask(command);
  }

  send(command: Omit<Extract<Command, { do: 'send' }>, 'do'>): Promise<SendReport> {
    return this.#ask({ do: 'send', ...command }) as Promise<SendReport>;
  }

  sendOdd(to?: number): Promise<SendReport> {
    return this.#ask({ do: 'send-odd', to }) as Promise<SendReport>;
  }

  close(): Promise<{ before: ListenerCounts; after: ListenerCounts }> {
    return this.#ask({ do: 'close' }) as Promise<{ before: ListenerCounts; after: ListenerCounts }>;
  }
}
