// The real client of all contestants, and the source it reads from: both live in the leader's process.

import { streamCase } from '../jobs/stream-cases.js';

/** What is subscribed to. An object, because cluster-client wants one. */
export interface Topic {
  readonly topic: string;
}

export type Listener = (value: unknown) => void;

/** How many values of a topic a worker has heard since it subscribed. */
export interface Acknowledgement {
  readonly topic: string;
  readonly seat: number;
  readonly count: number;
}

export class RealClient {
  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  async leaderPid(): Promise<number> {
    return process.pid;
  }

  /** Items without an end. */
  async *items(name: string): AsyncGenerator<unknown> {
    const { item } = streamCase(name);
    for (;;) yield item;
  }

  async item(name: string): Promise<unknown> {
    return streamCase(name).item;
  }

  async acknowledge(heard: Acknowledgement): Promise<void> {
    source.onAcknowledged(heard);
  }

  subscribe({ topic }: Topic, listener: Listener): void {
    source.listeners.set(topic, listener);
    if (topic === PULSE) pulse.feed(listener);
  }

  async close(): Promise<void> {
    pulse.feed(undefined);
  }
}

/** A topic that says every millisecond in which process the real client lives, while the pulse of that process is on. */
export const PULSE = 'pulse';

/** The pulse of this process: off unless its tree is being measured, or it would slow those down that are. */
class Pulse {
  #isOn = false;
  #listener: Listener | undefined;
  #timer: NodeJS.Timeout | undefined;

  turn(isOn: boolean): void {
    this.#isOn = isOn;
    this.#beat();
  }

  feed(listener: Listener | undefined): void {
    this.#listener = listener;
    this.#beat();
  }

  #beat(): void {
    clearInterval(this.#timer);
    if (this.#isOn && this.#listener) this.#timer = setInterval(this.#listener, 1, process.pid);
  }
}

export const pulse = new Pulse();

/** What feeds the real client of this process. A contestant subscribes it once to a topic, whatever the number of listeners. */
export const source = {
  listeners: new Map<string, Listener>(),
  onAcknowledged: (_heard: Acknowledgement): void => {},
};
