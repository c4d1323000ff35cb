// Sends this worker's link what a primary would send: the welcome, acknowledgements of heartbeats, and messages that
// follow from the log.

import type { Bundle } from '../protocol/bundle.js';
import { type FromPrimary, MARKER } from '../protocol/messages.js';
import type { WorkerEndHandlers } from '../transport/transport.js';
import { VERSION } from './log-writer.js';

/** Nothing else can send to this worker's link. */
const LINK = 0;

export interface DownlinkOptions {
  readonly workerId: number;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  readonly maxQueuedBytes: number;
  readonly maxQueuedTotalBytes: number;
}

export class Downlink {
  readonly #options: DownlinkOptions;
  #handlers: WorkerEndHandlers | undefined;
  #delivered = 0;
  /** The id of the hello of this worker's link. */
  #hello: string | undefined;
  #life: string | undefined;
  /**
   * Heartbeats that were not read back yet, or not written because the state was not known. No member of this worker led
   * then, but a member that leaves waits for the acknowledgement of its heartbeat.
   */
  readonly #unreadBeats = new Set<number>();
  /** Whether the state was ever known. */
  hasBegun = false;

  constructor(options: DownlinkOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#handlers !== undefined;
  }

  open(handlers: WorkerEndHandlers): void {
    this.#handlers = handlers;
  }

  close(): void {
    this.#handlers = undefined;
  }

  deliver(c: readonly FromPrimary[], d: readonly Bundle[] = []): void {
    if (c.length + d.length === 0) return;
    this.#handlers?.message({ [MARKER]: VERSION, link: LINK, down: ++this.#delivered, c, d }, 'public');
  }

  greet(hello: string): void {
    this.#hello = hello;
    /* c8 ignore next -- which of hello and the first answer comes first is the machine's choice */
    if (this.hasBegun) this.#welcome();
  }

  /**
   * Called when the state becomes known.
   * @param life identifies the log
   */
  begin(life: string | undefined): void {
    const unread = [...this.#unreadBeats];
    this.#unreadBeats.clear();
    this.deliver(unread.map(n => ({ k: 'ack', n })));
    if (this.hasBegun && life === this.#life) return;
    this.hasBegun = true;
    this.#life = life;
    this.#welcome();
  }

  noteBeat(n: number): void {
    this.#unreadBeats.add(n);
  }

  beatRead(n: number): void {
    if (this.#unreadBeats.delete(n)) this.deliver([{ k: 'ack', n }]);
  }

  #welcome(): void {
    /* c8 ignore next -- as in greet */
    if (this.#hello === undefined) return;
    const life = this.#life !== undefined && { life: this.#life };
    const welcome = { k: 'welcome', version: VERSION, id: this.#hello, ...this.#options, ...life } as const;
    this.deliver([{ ...welcome, route: 'direct-only', probe: undefined }]);
  }
}
