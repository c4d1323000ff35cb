// Reads a source and sends its items, as many as its reader has room for.
//
//   waiting ──pull()──► reading ──no room, or no lease──► waiting
//      │                   │
//      └── end() ──────────┴── the source ended or threw ──► over

import { UnreadBlob } from '../codec/unread-blobs.js';
import { EXT, Kind } from '../protocol/bundle.js';
import type { Payload } from '../protocol/payload.js';
import type { Clock } from '../utils/clock.js';
import { isThenable } from '../utils/is-thenable.js';
import { sizeOfItem } from './credit.js';
import type { StreamSource } from './stream-source.js';

export interface ItemSenderOptions {
  readonly clock: Clock;
  readonly source: StreamSource;
  /** Runs code of the source in the right context. */
  run<T>(fn: () => T): T;
  /** Whether an item may be sent now. If not, {@link ItemSender.resume} is called once it may. */
  mayRead(): boolean;
  /** Characters and bytes of items that may wait. */
  mostBytes(): number;
  /** @throws `ERR_NOT_SERIALIZABLE`, or {@link UnreadBlob} */
  encode(item: unknown): Payload;
  /** Sends a frame of this stream. */
  send(kind: number, text: string, parts: Payload['parts']): void;
  /** The source ended after so many items. */
  ended(count: number): void;
  /** The source threw, or an item cannot be sent. */
  failed(error: unknown, count: number): void;
  /** The source was ended by {@link ItemSender.end}, and has finished. Nothing else is called after that. */
  closed(): void;
  /** An item that nobody receives. */
  drop(item: unknown): void;
  /** Receives an error of the source that nobody else receives. */
  report(error: unknown): void;
}

/** Items that are read before timers and I/O have a turn. */
const MOST_IN_TURN = 100;

export class ItemSender {
  readonly #options: ItemSenderOptions;
  readonly #next: () => IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;
  /** Sizes of the items that the reader has not taken yet. */
  readonly #sizes: number[] = [];
  #bytes = 0;
  #count = 0;
  #taken = 0;
  #window = 0;
  #isReading = false;
  #isOver = false;

  constructor(options: ItemSenderOptions) {
    this.#options = options;
    this.#next = () => options.source.next();
  }

  /** Items that were sent and not taken. */
  get items(): number {
    return this.#sizes.length;
  }

  /** Their size. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A `PULL` frame came. What does not have its form is ignored. */
  pull(json: unknown): void {
    const [taken, window] = Array.isArray(json) ? (json as [number, number]) : [];
    if (!Number.isSafeInteger(taken) || !Number.isSafeInteger(window)) return;
    this.#window = window!;
    while (this.#taken < taken! && this.#sizes.length > 0) {
      this.#taken++;
      this.#bytes -= this.#sizes.shift()!;
    }
    this.resume();
  }

  /** Continues, if the reader has room. */
  resume(): void {
    if (!this.#isReading && this.#mayRead()) void this.#read();
  }

  /** Ends the source: nobody reads any more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { run, source, report, closed } = this.#options;
    run(() => source.end())
      .catch(report)
      .then(closed);
  }

  /** Ends the stream with an error at both ends. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { run, source, report, failed } = this.#options;
    run(() => source.end()).catch(report);
    failed(error, this.#count);
  }

  #mayRead(): boolean {
    const hasRoom = this.#sizes.length < this.#window && this.#bytes < this.#options.mostBytes();
    return hasRoom && !this.#isOver && this.#options.mayRead();
  }

  async #read(): Promise<void> {
    const { run, source, clock, ended, drop } = this.#options;
    this.#isReading = true;
    try {
      for (let inTurn = 1; this.#mayRead(); inTurn++) {
        const result = await run(this.#next);
        source.arrived(result);
        const { done, value } = result;
        // An iterator that is not asynchronous may return promises.
        const item = isThenable(value) ? await value : value;
        if (this.#isOver) return drop(item);
        if (done) {
          this.#isOver = true;
          return ended(this.#count);
        }
        const isLater = this.#send(item);
        if (isLater) await isLater;
        if (inTurn % MOST_IN_TURN === 0) await new Promise<void>(resolve => clock.yield(resolve));
      }
    } catch (error) {
      source.failed();
      this.fail(error);
    } finally {
      this.#isReading = false;
    }
  }

  /** @returns a promise if the bytes of a blob have to be read first */
  #send(item: unknown): Promise<void> | undefined {
    let payload: Payload;
    try {
      payload = this.#options.encode(item);
    } catch (error) {
      if (error instanceof UnreadBlob) return error.read().then(() => this.#send(item));
      this.#options.drop(item);
      throw error;
    }
    if (this.#isOver) return undefined;
    const size = sizeOfItem(payload.text.length, payload.parts);
    this.#sizes.push(size);
    this.#bytes += size;
    const { text, ext, parts } = payload;
    this.#options.send(ext ? Kind.ITEM | EXT : Kind.ITEM, `[${++this.#count},${text}]`, parts);
    return undefined;
  }
}
