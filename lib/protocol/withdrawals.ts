// Keeps the withdrawals (CANCEL, UNSUBSCRIBE) of members while their leader does not read: one small frame per call and
// subscription. Those of refused calls and subscriptions are discarded, so there are about as many as calls and
// subscriptions that the leader has or will receive. Beyond the limit they are dropped, and the caller is notified.

import { type Bundle, EXT, Kind, kindOf } from './bundle.js';
import { BundleBuilder } from './frames.js';

/** For one leader. */
export const MOST_WITHDRAWALS = 100_000;

/** A call ends even without its CANCEL. A subscription needs its UNSUBSCRIBE, so half the space is reserved for those. */
const MOST_BEFORE_CANCEL = MOST_WITHDRAWALS / 2;

/** Approximate size of an entry. */
const ENTRY_BYTES = 128;

/** Longer abort reasons are dropped; only the abort itself matters. */
const MOST_REASON = 1024;

interface Withdrawal {
  readonly bundle: Pick<Bundle, 'g' | 't' | 'f'>;
  readonly kind: number;
  readonly id: number;
  readonly text: string;
}

export class Withdrawals {
  readonly #kept = new Map<string, Withdrawal>();
  /** Refused calls and subscriptions that a member may still withdraw, before it learns of the refusal. */
  readonly #refused = new Set<string>();
  /** Since the last release. */
  #hasDropped = false;

  get size(): number {
    return this.#kept.size;
  }

  /** Approximate size. */
  get bytes(): number {
    return (this.#kept.size + this.#refused.size) * ENTRY_BYTES;
  }

  /** Registers that a call or subscription of this bundle was refused. */
  refuse(bundle: Bundle, id: number): void {
    // Otherwise its withdrawal would be kept for nothing.
    if (this.#refused.size < MOST_WITHDRAWALS) this.#refused.add(keyOf(bundle, id));
  }

  /**
   * Keeps a bundle of one frame.
   * @returns true if it was dropped, and is the first dropped one since the last release
   */
  keep(bundle: Bundle): boolean {
    const { h, x, p } = bundle;
    const [kind = 0, id = 0] = h;
    const of = keyOf(bundle, id);
    if (this.#refused.delete(of)) return false;
    const { g, t, f } = bundle;
    const isSmall = !p && x.length <= MOST_REASON;
    const number = /^\[\[(\d+)/.exec(x)?.[1];
    // The number of the signal without a reason, in the tagged form.
    const text = isSmall || number === undefined ? x.slice(1, -1) : `[${number},[1]]`;
    const key = `${of}|${number ?? ''}`;
    const most = kindOf(kind) === Kind.CANCEL ? MOST_BEFORE_CANCEL : MOST_WITHDRAWALS;
    if (this.#kept.size >= most && !this.#kept.has(key)) return this.#drop();
    this.#kept.set(key, { bundle: { g, t, ...(f !== undefined && { f }) }, kind, id, text });
    return false;
  }

  /** Releases the kept withdrawals as bundles, in order. */
  release(take: (bundle: Bundle) => void): void {
    const kept = [...this.#kept.values()];
    this.clear();
    let open: { readonly frames: BundleBuilder; readonly of: Withdrawal['bundle'] } | undefined;
    const close = () => open && take({ ...open.frames.seal(), ...(open.of.f !== undefined && { f: open.of.f }) });
    for (const { bundle, kind, id, text } of kept) {
      if (!open || open.frames.isFull || !isSame(open.of, bundle)) {
        close();
        open = { frames: new BundleBuilder(bundle.g, bundle.t), of: bundle };
      }
      open.frames.add(kindOf(kind) === Kind.CANCEL ? kindOf(kind) | EXT : kind, id, text);
    }
    close();
  }

  /** Discards the withdrawals of an ended term. */
  forget(group: string, term: number): void {
    for (const [key, { bundle }] of this.#kept) if (bundle.g === group && bundle.t === term) this.#kept.delete(key);
    this.#refused.clear();
  }

  clear(): void {
    this.#kept.clear();
    this.#refused.clear();
    this.#hasDropped = false;
  }

  #drop(): boolean {
    const isFirst = !this.#hasDropped;
    this.#hasDropped = true;
    return isFirst;
  }
}

const keyOf = ({ g, t, f }: Bundle, id: number): string => `${f}|${id}|${t}|${g}`;

const isSame = (a: Withdrawal['bundle'], b: Withdrawal['bundle']): boolean => a.g === b.g && a.t === b.t && a.f === b.f;
