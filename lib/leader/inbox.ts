// Frames that wait in a leader: for its lease, or for their turn if there is more work than fits into one slice of time.
// There is one queue per sender, so that one sender cannot block the others. The size is bounded: calls whose deadline has
// passed are dropped, and beyond the bound calls and subscriptions are refused.

import { ABOUT, type Bundle, Kind, kindOf } from '../protocol/bundle.js';
import { classOf, isRefusable } from '../protocol/classes.js';
import type { FrameReader } from '../protocol/frame-reader.js';
import { bytesOf, ownBundle, pickFrames, splitFrames } from '../protocol/frames.js';
import { Withdrawals } from '../protocol/withdrawals.js';

/** Characters and bytes that may wait. */
const MOST_BYTES = 64 * 1024 * 1024;

/** How often the queues are searched for calls whose deadline has passed. */
const LOOK_MS = 1000;

/** A bundle that waits. */
export interface Item {
  readonly bundle: Bundle;
  readonly bytes: number;
  /** Set once reading of the bundle has begun. */
  reader?: FrameReader | undefined;
}

/** The bundles of one sender, in order. */
class Queue {
  #items: (Item | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  get first(): Item {
    return this.#items[this.#first]!;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): void {
    this.#items[this.#first++] = undefined;
    // Only now and then: moving all items for each one would take quadratic time.
    if (this.#first > 1000 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
  }

  get items(): Item[] {
    return this.#items.slice(this.#first) as Item[];
  }
}

export class Inbox {
  /** By sender; the next in turn is first. */
  readonly #queues = new Map<number, Queue>();
  /** Senders whose turn must not come yet. */
  readonly #held = new Set<number>();
  #bytes = 0;
  /** Withdrawals that did not fit: one small frame per call and subscription. They are read after everything else. */
  readonly #withdrawals = new Withdrawals();
  #lookedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param onDrop called when the first withdrawal is dropped
   * @param mostBytes bytes that may wait
   */
  constructor(
    private readonly onDrop: () => void,
    private readonly mostBytes = MOST_BYTES,
  ) {}

  get isEmpty(): boolean {
    return this.#queues.size === 0 && this.#withdrawals.size === 0;
  }

  /** Whether nothing in it may be read yet. */
  get isIdle(): boolean {
    if (this.#queues.size === 0) return this.#withdrawals.size === 0;
    for (const sender of this.#queues.keys()) if (!this.#held.has(sender)) return false;
    return true;
  }

  get bytes(): number {
    return this.#bytes + this.#withdrawals.bytes;
  }

  /** @returns the calls and subscriptions of the bundle, if there is no space for them */
  add(bundle: Bundle, now: number): Bundle | undefined {
    let bytes = bytesOf(bundle);
    if (this.#bytes + bytes > this.mostBytes) this.#dropLate(now);
    let rest: Bundle | undefined = bundle;
    let refused: Bundle | undefined;
    if (this.#bytes > 0 && this.#bytes + bytes > this.mostBytes) {
      refused = pickFrames(bundle, isRefusable);
      if (refused) this.#refuse(refused);
      for (const frame of splitFrames(bundle, isWithdrawal)) if (this.#withdrawals.keep(frame)) this.onDrop();
      rest = pickFrames(bundle, kind => !isRefusable(kind) && !isWithdrawal(kind));
      bytes = rest ? bytesOf(rest) : 0;
    }
    if (rest) this.#put({ bundle: ownBundle(rest), bytes });
    return refused;
  }

  /**
   * The oldest bundle of the sender whose turn it is. Reading continues where it stopped. The bundle stays until
   * {@link end}.
   */
  next(): Item | undefined {
    if (this.#queues.size === 0) this.#putWithdrawals();
    for (const [sender, queue] of this.#queues) {
      if (this.#held.has(sender)) continue;
      this.#queues.delete(sender);
      this.#queues.set(sender, queue);
      return queue.first;
    }
    return undefined;
  }

  /** The frames of a sender wait until {@link release}. */
  hold(sender: number): void {
    this.#held.add(sender);
  }

  release(sender: number): void {
    this.#held.delete(sender);
  }

  /** A bundle that {@link next} returned has been read completely. */
  end(item: Item): void {
    const sender = senderOf(item.bundle);
    const queue = this.#queues.get(sender)!;
    queue.shift();
    this.#bytes -= item.bytes;
    if (queue.length === 0) this.#queues.delete(sender);
  }

  /** Removes and returns everything that waits. */
  take(): Bundle[] {
    this.#putWithdrawals();
    return this.#takeQueues();
  }

  #takeQueues(): Bundle[] {
    const items = [...this.#queues.values()].flatMap(queue => queue.items);
    this.#queues.clear();
    this.#bytes = 0;
    // The call that ends the term may be the last frame of its bundle.
    return items.flatMap(({ bundle, reader }) => (reader?.isAtEnd ? [] : (reader?.rest ?? bundle)));
  }

  #putWithdrawals(): void {
    // The release also clears the record of refused calls.
    if (this.#withdrawals.bytes > 0) this.#withdrawals.release(bundle => this.#put({ bundle, bytes: bytesOf(bundle) }));
  }

  #refuse(bundle: Bundle): void {
    for (let i = 0; i < bundle.h.length; i += 4) this.#withdrawals.refuse(bundle, bundle.h[i + 1]!);
  }

  #put(item: Item): void {
    const sender = senderOf(item.bundle);
    let queue = this.#queues.get(sender);
    if (!queue) {
      queue = new Queue();
      this.#queues.set(sender, queue);
    }
    queue.push(item);
    this.#bytes += item.bytes;
  }

  /** Drops calls that no caller waits for any more. Withdrawals are kept. */
  #dropLate(now: number): void {
    if (now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    for (const bundle of this.#takeQueues()) {
      const rest = hasLate(bundle, now) ? pickFrames(bundle, (_kind, _id, i) => !isLate(bundle, i, now)) : bundle;
      if (rest) this.#put({ bundle: rest, bytes: bytesOf(rest) });
    }
  }
}

/** The queue of a bundle. The notice that a worker is gone goes to that worker's queue, behind everything that it sent. */
const senderOf = ({ f, h }: Bundle): number => f ?? h[1]!;

const isWithdrawal = (kind: number): boolean => classOf(kind) === 'withdrawal';

const hasLate = (bundle: Bundle, now: number): boolean => {
  for (let i = 0; i < bundle.h.length / 4; i++) if (isLate(bundle, i, now)) return true;
  return false;
};

function isLate({ h, m }: Bundle, index: number, now: number): boolean {
  const kind = h[4 * index]!;
  const plain = kindOf(kind);
  if (classOf(plain) !== 'call' || plain === Kind.UNPUBLISH) return false;
  const deadline = m?.[2 * Math.floor(kind / ABOUT) - 1];
  return typeof deadline === 'number' && deadline < now;
}
