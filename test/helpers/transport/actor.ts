// Drives one end of a transport by plain commands and tells what happens at it, so that an end in another process can be tested too.

import type { Peer, PrimaryEnd, Via, WorkerEnd } from '../../../lib/transport/transport.js';

/** Something that an end reported. Messages that tests number are told by number and size only. */
export type EndEvent =
  | { readonly kind: 'message'; readonly from?: Peer; readonly via?: Via; readonly n: number; readonly size: number }
  | { readonly kind: 'foreign'; readonly from?: Peer; readonly value: unknown }
  | { readonly kind: 'closed'; readonly workerId?: number; readonly intended?: boolean }
  | { readonly kind: 'exited'; readonly workerId: number };

/** What an end can be told to do. */
export type Command =
  | { readonly do: 'listen' }
  | {
      readonly do: 'send';
      readonly via?: Via;
      readonly to?: number;
      readonly first?: number;
      readonly count: number;
      readonly size?: number;
    }
  | { readonly do: 'send-odd'; readonly to?: number }
  | { readonly do: 'send-foreign'; readonly to?: number; readonly value: unknown }
  | { readonly do: 'kill'; readonly workerId: number }
  /** Holds the exit at `closed` until `release`. */
  | { readonly do: 'hold' }
  | { readonly do: 'release' }
  | { readonly do: 'close' };

/** How the `written` callbacks of a `send` were called. */
export interface SendReport {
  readonly calls: readonly number[];
  readonly wasSynchronous: boolean;
}

/** How many listeners each event of each watched emitter has. */
export type ListenerCounts = Record<string, number>;

/** Where an {@link Actor} lives. */
export interface ActorParts {
  readonly emit: (event: EndEvent) => void;
  /** Puts a message on the channel past the end under test. */
  readonly sendForeign: (value: unknown, to?: number) => void;
  readonly countListeners: () => ListenerCounts;
}

/** An end of either side, under one face. */
interface Driven {
  listen(): void;
  send(to: number | undefined, message: object, written: () => void, via?: Via): void;
  kill(workerId: number): void;
  close(): void;
}

/** One end under test, created when it is told to listen: the listeners are counted just before. */
export class Actor {
  readonly #parts: ActorParts;
  readonly #create: () => { primary: PrimaryEnd } | { worker: WorkerEnd };
  #before: ListenerCounts = {};
  #end!: Driven;
  #held?: Promise<void>;
  #release = () => {};

  constructor(parts: ActorParts, create: () => { primary: PrimaryEnd } | { worker: WorkerEnd }) {
    this.#parts = parts;
    this.#create = create;
  }

  /** @returns something that JSON carries */
  async run(command: Command): Promise<unknown> {
    switch (command.do) {
      case 'listen':
        return this.#listen();
      case 'send':
        return this.#send(command.to, numbered(command.first ?? 0, command.count, command.size ?? 0), command.via);
      case 'send-odd':
        return this.#send(command.to, [{ odd: 1n, call() {} }]);
      case 'send-foreign':
        return this.#parts.sendForeign(command.value, command.to);
      case 'kill':
        return this.#end.kill(command.workerId);
      case 'hold':
        this.#held = new Promise(resolve => {
          this.#release = resolve;
        });
        return;
      case 'release':
        return this.#release();
      case 'close':
        return this.#closeTwice();
    }
  }

  #listen(): void {
    this.#before = this.#parts.countListeners();
    const created = this.#create();
    this.#end = 'primary' in created ? this.#drivePrimary(created.primary) : this.#driveWorker(created.worker);
    this.#end.listen();
  }

  #drivePrimary(end: PrimaryEnd): Driven {
    const { emit } = this.#parts;
    return {
      listen: () =>
        end.listen({
          message: (from, message, via) => emit({ ...described(message), from, ...shown(via) }),
          closed: workerId => emit({ kind: 'closed', workerId }),
          exited: workerId => emit({ kind: 'exited', workerId }),
        }),
      send: (to, message, written, via) => end.send(to!, message, written, via),
      kill: workerId => end.kill(workerId),
      close: () => end.close(),
    };
  }

  #driveWorker(end: WorkerEnd): Driven {
    const { emit } = this.#parts;
    return {
      listen: () =>
        end.listen({
          message: (message, via) => emit({ ...described(message), ...shown(via) }),
          closed: event => {
            if (this.#held) event.holdExit(this.#held);
            emit({ kind: 'closed', intended: event.intended });
          },
        }),
      send: (_to, message, written, via) => end.send(message, written, via),
      kill() {},
      close: () => end.close(),
    };
  }

  async #send(to: number | undefined, messages: readonly object[], via?: Via): Promise<SendReport> {
    const calls = messages.map(() => 0);
    let wasSynchronous = false;
    let isSending = true;
    await new Promise<void>(resolve => {
      let left = messages.length;
      for (const [i, message] of messages.entries()) {
        const written = () => {
          calls[i]!++;
          wasSynchronous ||= isSending;
          if (--left === 0) resolve();
        };
        this.#end.send(to, message, written, via);
      }
      isSending = false;
    });
    await turns(3); // a second call would come soon after the first
    return { calls, wasSynchronous };
  }

  #closeTwice(): { before: ListenerCounts; after: ListenerCounts } {
    this.#end.close();
    this.#end.close();
    return { before: this.#before, after: this.#parts.countListeners() };
  }
}

/** Lets the event loop turn. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve));
}

/** Counts the listeners of named emitters. */
export function countListeners(emitters: Record<string, NodeJS.EventEmitter>): ListenerCounts {
  const counts: ListenerCounts = {};
  for (const [name, emitter] of Object.entries(emitters)) {
    for (const event of emitter.eventNames()) counts[`${name} ${String(event)}`] = emitter.listenerCount(event);
  }
  return counts;
}

const numbered = (first: number, count: number, size: number) =>
  Array.from({ length: count }, (_, i) => ({ n: first + i, pad: 'x'.repeat(size) }));

const shown = (via: Via) => via === 'internal' && { via };

type Described = Extract<EndEvent, { kind: 'message' | 'foreign' }>;

function described(message: unknown): Described {
  if (typeof message === 'object' && message !== null) {
    if ('n' in message && 'pad' in message)
      return { kind: 'message', n: Number(message.n), size: String(message.pad).length };
    if ('odd' in message) return { kind: 'foreign', value: 'odd' };
  }
  return { kind: 'foreign', value: message };
}
