// The messages of a fleet on NATS: those between two processes, and the signs of life.

import type { Messages } from '../fleet/messages.js';
import { systemClock } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';

/** What is needed of a connection of NATS. */
export interface MessageConnection {
  readonly info?: { readonly max_payload: number } | undefined;
  publish(subject: string, content: Uint8Array | string, options?: { reply: string }): void;
  subscribe(subject: string, options: { callback(error: unknown, message: Message): void }): { unsubscribe(): void };
  flush(): Promise<void>;
  isClosed(): boolean;
}

interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: { readonly code: number } | undefined;
}

/** Room for the headers that a server adds. */
const RESERVED_BYTES = 256;

/** How long an answer of the server is waited for. */
const FLUSH_MS = 1000;

/** The status of the message that the server sends instead, if nobody receives one. */
const NO_RESPONDERS = 503;

export class NatsMessages implements Messages {
  readonly #connection: MessageConnection;
  /** All subjects of the fleet begin with it. */
  readonly #prefix: string;

  constructor(connection: MessageConnection, fleet: string) {
    this.#connection = connection;
    this.#prefix = `csc1.${fleet}`;
  }

  get maxBytes(): number {
    return this.#connection.info!.max_payload - RESERVED_BYTES;
  }

  send(to: string, content: Uint8Array, unheard?: string): void {
    // The client keeps it until the end of the turn.
    this.#publish(
      this.#streams(to),
      Uint8Array.from(content),
      unheard === undefined ? undefined : this.#streams(unheard),
    );
  }

  receive(place: string, received: (to: string, content: Uint8Array | undefined) => void): () => void {
    const start = this.#streams('').length;
    return this.#subscribe(this.#streams(`${place}.*`), (subject, data, status) =>
      received(subject.slice(start), status === NO_RESPONDERS ? undefined : data),
    );
  }

  broadcast(text: string): void {
    this.#publish(`${this.#prefix}.b`, text);
  }

  hear(heard: (text: string) => void): () => void {
    return this.#subscribe(`${this.#prefix}.b`, (_subject, data) => heard(Buffer.from(data).toString()));
  }

  flush(done: () => void): void {
    const limit = defer();
    const timer = systemClock.setTimer(limit.resolve, FLUSH_MS);
    void Promise.race([this.#connection.flush().catch(() => {}), limit.promise]).then(() => {
      timer.clear();
      done();
    });
  }

  #streams(address: string): string {
    return `${this.#prefix}.s.${address}`;
  }

  #publish(subject: string, content: Uint8Array | string, reply?: string): void {
    if (this.#connection.isClosed()) return;
    try {
      this.#connection.publish(subject, content, reply === undefined ? undefined : { reply });
    } catch {
      // It is being closed, or draining. What is lost breaks the stream that it belongs to.
    }
  }

  #subscribe(
    subject: string,
    received: (subject: string, data: Uint8Array, status: number | undefined) => void,
  ): () => void {
    let subscription: { unsubscribe(): void } | undefined;
    try {
      subscription = this.#connection.subscribe(subject, {
        callback: (_error, message) => {
          // An error would end the reader of the connection. Those who receive do not throw.
          if (message) received(message.subject, message.data, message.headers?.code);
        },
      });
    } catch {
      // It is closed.
    }
    return () => {
      if (!this.#connection.isClosed()) subscription?.unsubscribe();
    };
  }
}
