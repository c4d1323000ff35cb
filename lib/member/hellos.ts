// Hellos to the primary, repeated until it answers, and the choice of the channel that works in both directions.

import { MARKER } from '../protocol/messages.js';
import type { Via, WorkerEnd } from '../transport/transport.js';
import type { Clock, Timer } from '../utils/clock.js';

const FIRST_MS = 25;
const MOST_MS = 1000;

/** Until something answers, this many hellos use only the internal channel. After that, every other hello does. */
const INTERNAL_HELLOS = 5;

export class Hellos {
  /**
   * The channel on which the first answer arrived, used for everything sent from then on. The primary answers on the channel
   * of the last message that it received, so an answer shows that the channel works in both directions:
   *
   *     asking internally ── an answer came internally ──────────────────────> internal
   *          │ no answer to INTERNAL_HELLOS
   *          v
   *     asking on both in turn ── a public hello was answered first ─────────> public
   */
  #via: Via | undefined;
  #count = 0;
  #timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly end: WorkerEnd,
    private readonly id: string,
    private readonly versions: readonly number[],
  ) {}

  /** Undefined until the first answer. */
  get via(): Via | undefined {
    return this.#via;
  }

  /** @param closingMs while real clients from before a goodbye are still being closed: the time between two hellos */
  start(closingMs?: number): void {
    this.#timer?.clear();
    this.#send(FIRST_MS, closingMs);
  }

  answered(via: Via): void {
    this.#via ??= via;
    this.stop();
  }

  stop(): void {
    this.#timer?.clear();
  }

  #send(nextMs: number, closingMs: number | undefined): void {
    const { id, versions } = this;
    const { workerId, pid } = this.end.self;
    const probe = new Uint8Array(1);
    const closing = closingMs !== undefined;
    const hello = { k: 'hello', versions, id, workerId, pid, probe, ...(closing && { closing }) } as const;
    const isInternal = ++this.#count <= INTERNAL_HELLOS || this.#count % 2 === 1;
    const via = this.#via ?? (isInternal ? 'internal' : 'public');
    this.end.send({ [MARKER]: versions[0], up: 0, c: [hello] }, () => {}, via);
    // A primary that is set up later never received this hello, so it is repeated.
    this.#timer = this.clock.setTimer(() => this.#send(Math.min(nextMs * 2, MOST_MS), closingMs), closingMs ?? nextMs);
  }
}
