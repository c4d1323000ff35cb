// The items of a stream at the other end: they wait here for their consumer, and the sender is told what was taken.
//
//   unread ──next()──► open ──┬── the source ended or failed: the items that wait can still be read ──► over
//      │                      └── return(), throw(), abort: the source is ended ──────────────────────► over
//      └── no reader in time, collected, closed ──────────────────────────────────────────────────────► over

import { brokenFrame } from '../errors/value-errors.js';
import { MOST_ITEM_BYTES, REPORTED_AT_ONCE, sizeOfItem } from './credit.js';
import { ItemQueue } from './item-queue.js';

export interface ItemReaderOptions {
  /** Items that may wait. */
  readonly window: number;
  /** Tells the sender how many items were taken in all. */
  pull(taken: number, window: number): void;
  /** The consumer wants no more: the source has to be ended. Called at most once, and not after {@link ItemReader.end}. */
  stop(reason: unknown): void;
  /** A consumer waits for an item from now on, or no longer. */
  waits(isWaiting: boolean): void;
}

/** A frame with an item. */
export interface ItemFrame {
  readonly json: unknown;
  readonly length: number;
  readonly parts: readonly { readonly length: number }[] | undefined;
}

export class ItemReader {
  readonly #options: ItemReaderOptions;
  readonly #queue = new ItemQueue<unknown>();
  /** Sizes of the items that wait. */
  readonly #sizes: number[] = [];
  #bytes = 0;
  /** The number of the last item that came. */
  #received = 0;
  #taken = 0;
  #reported = 0;
  #unreportedBytes = 0;
  #state: 'unread' | 'open' | 'over' = 'unread';
  /** The stream that a consumer has asked for an item: it must not be collected before that has come. */
  asked: object | undefined;

  constructor(options: ItemReaderOptions) {
    this.#options = options;
  }

  /** Items that wait. */
  get items(): number {
    return this.#sizes.length;
  }

  /** Their size. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * An item came.
   * @param decode its value
   * @throws if the frame is broken, or an item before it is missing
   */
  item({ json, length, parts }: ItemFrame, decode: (json: unknown) => unknown): void {
    if (this.#state === 'over') return;
    if (!Array.isArray(json)) throw brokenFrame('an item', 'a list');
    const [number, value] = json as [number, unknown];
    // Sent again, by another route.
    if (number <= this.#received) return;
    if (number !== this.#received + 1) throw brokenFrame('the number of an item', 'the next');
    this.#received = number;
    const size = sizeOfItem(length - `[${number},]`.length, parts);
    const isAwaited = this.#queue.isAwaited;
    this.#queue.push(decode(value));
    if (!isAwaited) {
      this.#sizes.push(size);
      this.#bytes += size;
      return;
    }
    if (!this.#queue.isAwaited) this.asked = undefined;
    this.#options.waits(this.#queue.isAwaited);
    this.#took(size);
  }

  /** The source ended after `count` items. Those that wait can still be read. */
  ended(count: unknown): void {
    if (count === this.#received) this.end();
    else this.end({ error: brokenFrame('the end of a stream', 'after all its items') });
  }

  /** Nothing more comes: the end, or an error. Items that wait can still be read. */
  end(end?: { readonly error: unknown }): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.asked = undefined;
    this.#options.waits(false);
    this.#queue.end(end);
  }

  /** Drops the items that wait. */
  clear(): void {
    this.#queue.clear();
    this.#sizes.length = 0;
    this.#bytes = 0;
  }

  /** @param stream the object that its consumer holds */
  next(stream?: object): Promise<IteratorResult<unknown, undefined>> {
    const { pull, waits, window } = this.#options;
    if (this.#state === 'unread') {
      this.#state = 'open';
      waits(false);
      pull(0, window);
    }
    const next = this.#queue.next();
    if (this.#sizes.length > 0) {
      const size = this.#sizes.shift()!;
      this.#bytes -= size;
      this.#took(size);
    } else if (this.#state === 'open') {
      this.asked = stream;
      waits(true);
      if (this.#unreportedBytes >= REPORTED_AT_ONCE) this.#report();
    }
    return next;
  }

  /** The consumer wants no more. */
  return(reason?: unknown): IteratorResult<never, undefined> {
    this.clear();
    if (this.#state !== 'over') {
      this.end();
      this.#options.stop(reason);
    }
    return { value: undefined, done: true };
  }

  #took(size: number): void {
    this.#taken++;
    this.#unreportedBytes += size;
    const mostBytes = this.#queue.isAwaited ? REPORTED_AT_ONCE : MOST_ITEM_BYTES / 2;
    const isDue = this.#taken - this.#reported >= this.#options.window / 2 || this.#unreportedBytes >= mostBytes;
    if (isDue && this.#state === 'open') this.#report();
  }

  #report(): void {
    this.#reported = this.#taken;
    this.#unreportedBytes = 0;
    this.#options.pull(this.#taken, this.#options.window);
  }
}
