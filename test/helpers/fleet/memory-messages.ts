// Messages of an engine in memory: one server for all processes of a test, and what can happen to its messages.

import type { Messages } from '../../../lib/fleet/messages.js';
import { type Clock, systemClock } from '../../../lib/utils/clock.js';

/** What happens to a message. `later`: it arrives after the next one. */
export type Fate = 'lost' | 'twice' | 'later' | undefined;

export interface HubMessage {
  readonly to: string;
  readonly content: Buffer;
  readonly unheard: string | undefined;
}

export interface HubOptions {
  readonly clock?: Pick<Clock, 'yield'>;
  readonly maxBytes?: number;
}

export class MessageHub {
  readonly ends = new Set<HubEnd>();
  /** What was sent, lost messages included. */
  readonly sent: HubMessage[] = [];
  readonly maxBytes: number;
  /** Decides about each message that is sent; `count` is its number, from 1. */
  fate: (message: HubMessage, count: number) => Fate = () => undefined;
  readonly #clock: Pick<Clock, 'yield'>;
  #held: HubMessage | undefined;

  constructor({ clock = systemClock, maxBytes = 1024 * 1024 }: HubOptions = {}) {
    this.#clock = clock;
    this.maxBytes = maxBytes;
  }

  /** A connection of a process. */
  connect(): HubEnd {
    const end = new HubEnd(this);
    this.ends.add(end);
    return end;
  }

  /** Messages arrive in later turns, in order. */
  later(callback: () => void): void {
    this.#clock.yield(callback);
  }

  send(message: HubMessage): void {
    const fate = this.fate(message, this.sent.push(message));
    const held = this.#held;
    this.#held = undefined;
    if (fate === 'later') this.#held = message;
    else if (fate !== 'lost') this.later(() => this.#deliver(message));
    if (fate === 'twice') this.later(() => this.#deliver(message));
    if (held) this.later(() => this.#deliver(held));
  }

  #deliver({ to, content, unheard }: HubMessage): void {
    if (this.#arrive(to, content) || unheard === undefined) return;
    this.later(() => this.#arrive(unheard, undefined));
  }

  /** @returns whether somebody receives there */
  #arrive(to: string, content: Buffer | undefined): boolean {
    // As from a socket: the memory is used again for what comes next.
    const read = content && Buffer.from(content);
    const isHeard = [...this.ends].some(end => end.arrive(to, read));
    read?.fill(0);
    return isHeard;
  }
}

export class HubEnd implements Messages {
  readonly #hub: MessageHub;
  readonly #places = new Map<string, (to: string, content: Uint8Array | undefined) => void>();
  readonly #hearing = new Set<(text: string) => void>();
  #isCut = false;

  constructor(hub: MessageHub) {
    this.#hub = hub;
  }

  get maxBytes(): number {
    return this.#hub.maxBytes;
  }

  /** The places where this process receives. */
  get places(): string[] {
    return [...this.#places.keys()];
  }

  send(to: string, content: Uint8Array, unheard?: string): void {
    if (content.length > this.maxBytes) throw new Error(`a message of ${content.length} bytes is too long`);
    if (!this.#isCut) this.#hub.send({ to, content: Buffer.from(content), unheard });
  }

  receive(place: string, received: (to: string, content: Uint8Array | undefined) => void): () => void {
    if (this.#places.has(place)) throw new Error(`${place} is in use`);
    this.#places.set(place, received);
    return () => void this.#places.delete(place);
  }

  broadcast(text: string): void {
    if (this.#isCut) return;
    for (const end of this.#hub.ends) this.#hub.later(() => end.heard(text));
  }

  hear(heard: (text: string) => void): () => void {
    this.#hearing.add(heard);
    return () => void this.#hearing.delete(heard);
  }

  heard(text: string): void {
    if (!this.#isCut) for (const heard of this.#hearing) heard(text);
  }

  flush(done: () => void): void {
    this.#hub.later(done);
  }

  /** What receives at a place. */
  received(place: string): (to: string, content: Uint8Array | undefined) => void {
    return this.#places.get(place)!;
  }

  /** The connection to the server is interrupted: nothing leaves or arrives. */
  cut(): void {
    this.#isCut = true;
  }

  restore(): void {
    this.#isCut = false;
  }

  arrive(to: string, content: Uint8Array | undefined): boolean {
    const received = this.#isCut ? undefined : this.#places.get(to.split('.')[0]!);
    received?.(to, content);
    return received !== undefined;
  }
}
