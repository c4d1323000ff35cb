// The real client of the process ring: the upstream's, with methods that hang, wait and tell on purpose.

import { callContext } from 'cluster-shared-client';
import { UpstreamClient } from '../upstream/client.js';

/** What a {@link ProbeClient} needs of the process it lives in. */
export interface Surroundings {
  /** Resolves when the test says so. */
  readonly gate: () => Promise<unknown>;
  readonly report: (event: ProbeEvent) => void;
}

export type ProbeEvent =
  /** A call that will not end at once has run on the upstream. */
  | { readonly kind: 'running'; readonly id: string }
  /** A call in the leader was given up by its caller. */
  | { readonly kind: 'abandoned'; readonly id: string; readonly reason: string }
  /** It begins to connect, `close()` was called, its connection is gone. */
  | { readonly kind: 'opening'; readonly term: number }
  | { readonly kind: 'closing'; readonly term: number }
  | { readonly kind: 'closed'; readonly term: number };

export type Large = 'bytes' | 'text';

export const makeLarge = (kind: Large, size: number): Buffer | string =>
  kind === 'bytes' ? Buffer.alloc(size) : 'x'.repeat(size);

export class ProbeClient extends UpstreamClient {
  readonly #term: number;
  readonly #says: boolean;
  readonly #surroundings: Surroundings;

  /** @param saysBye whether closing takes a last operation on the upstream, with the id `bye-TERM` */
  constructor(path: string, term: number, saysBye: boolean, surroundings: Surroundings) {
    super({ path, term: () => term });
    this.#term = term;
    this.#says = saysBye;
    this.#surroundings = surroundings;
    surroundings.report({ kind: 'opening', term });
  }

  /** Hangs the first time it is called with an id, whoever leads; then returns how often it was. */
  async hangOnce(id: string): Promise<number> {
    const count = await this.incr(id, id);
    this.#surroundings.report({ kind: 'running', id });
    return count > 1 ? count : new Promise<never>(() => {});
  }

  /** Ends when the test opens the gate of the leader's process, with the leader's pid. */
  async gated(id: string): Promise<number> {
    await this.echo(id, id);
    this.#surroundings.report({ kind: 'running', id });
    await this.#surroundings.gate();
    return process.pid;
  }

  /** Ends when its caller gives up, which is told. */
  async untilAbandoned(id: string): Promise<void> {
    const { signal } = callContext()!;
    const aborted = new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
    await this.echo(id, id);
    this.#surroundings.report({ kind: 'running', id });
    if (!signal.aborted) await aborted;
    this.#surroundings.report({ kind: 'abandoned', id, reason: String(signal.reason) });
  }

  /** Without the upstream, whose lines carry only JSON. */
  async same<T>(value: T): Promise<T> {
    return value;
  }

  /** What is large, made here: as a result, and thrown as the message of an error. */
  async large(kind: Large, size: number): Promise<unknown> {
    return makeLarge(kind, size);
  }

  async throwLarge(size: number): Promise<never> {
    throw new RangeError('x'.repeat(size));
  }

  async lengthOf(value: { readonly length: number }): Promise<number> {
    return value.length;
  }

  async refuse(message: string): Promise<never> {
    throw Object.assign(new RangeError(message), { code: 'EPROBE' });
  }

  /** Takes a publication back. */
  async remove(topic: string, message: unknown): Promise<void> {
    await this.publish(topic, `removed: ${message}`);
  }

  override async close(): Promise<void> {
    this.#surroundings.report({ kind: 'closing', term: this.#term });
    if (this.#says) await this.echo('bye', `bye-${this.#term}`);
    await super.close();
    this.#surroundings.report({ kind: 'closed', term: this.#term });
  }
}
