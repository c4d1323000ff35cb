// Reads the frames of a bundle, one after the other.

import { ABOUT, type Abouts, type Bundle, EXT, kindOf, MORE, ONE } from './bundle.js';
import { pickFrames } from './frames.js';
import { unpack } from './pack-parts.js';
import type { Part, Payload } from './payload.js';

const ABOUT_BITS = Math.log2(ABOUT);

/** The frame at hand while a bundle is read; one object serves all frames, so keep what it holds and not itself. */
export class FrameView {
  kind = 0;
  id = 0;
  ext = false;
  /** Of a call: the argument is one, without a list around it. */
  one = false;
  /** Of a call: its text holds more than the arguments. */
  more = false;
  /** Of a call: which pair of the bundle it is about, from 1. */
  about = 0;
  /** The parsed text. */
  json: unknown = undefined;
  parts: readonly Part[] | undefined = undefined;
  start = 0;
  length = 0;

  constructor(
    private readonly all: string,
    private readonly callHeaders: Abouts | undefined,
  ) {}

  /** Of a call. */
  get method(): string | undefined {
    return this.callHeaders?.[2 * this.about - 2] as string | undefined;
  }

  /** Of a call, on the machine's monotonic clock. */
  get deadline(): number {
    return (this.callHeaders?.[2 * this.about - 1] as number | null | undefined) ?? Number.POSITIVE_INFINITY;
  }

  /** The frame as a payload, for whoever needs the value more than once. */
  payload(): Payload {
    return { text: this.all.slice(this.start, this.start + this.length), ext: this.ext, parts: this.parts };
  }
}

/** The frames of a bundle, one after the other. */
export class FrameReader {
  readonly #bundle: Bundle;
  readonly #values: readonly unknown[];
  readonly #parts: readonly Part[];
  readonly #view: FrameView;
  /** Where the next frame begins: among the frames, in the text, among the parts. */
  #index = 0;
  #offset = 1;
  #part = 0;
  #isRepeated = false;

  /** @throws SyntaxError where the text isn't JSON */
  constructor(bundle: Bundle) {
    this.#bundle = bundle;
    this.#parts = unpack(bundle);
    this.#values = JSON.parse(bundle.x) as unknown[];
    this.#view = new FrameView(bundle.x, bundle.m);
  }

  /** The next frame: the same object for all, so keep what it holds and not itself. */
  next(): FrameView | undefined {
    const view = this.#view;
    if (this.#isRepeated) {
      this.#isRepeated = false;
      return view;
    }
    const { h } = this.#bundle;
    const at = this.#index * 4;
    if (at >= h.length) return undefined;
    const kind = h[at]!;
    const count = h[at + 3]!;
    view.kind = kindOf(kind);
    view.ext = (kind & EXT) !== 0;
    view.one = (kind & ONE) !== 0;
    view.more = (kind & MORE) !== 0;
    view.about = kind >>> ABOUT_BITS;
    view.id = h[at + 1]!;
    view.json = this.#values[this.#index];
    view.parts = count === 0 ? undefined : this.#parts.slice(this.#part, this.#part + count);
    view.start = this.#offset;
    view.length = h[at + 2]!;
    this.#offset += view.length + 1;
    this.#part += count;
    this.#index++;
    return view;
  }

  /** The frame at hand comes once more, as new: to decode a text may have changed it. */
  repeat(): void {
    this.#isRepeated = true;
    this.#view.json = JSON.parse(this.#view.payload().text);
  }

  /** Whether all was read. */
  get isAtEnd(): boolean {
    return !this.#isRepeated && this.#index * 4 >= this.#bundle.h.length;
  }

  /** What wasn't read yet; there is something. */
  get rest(): Bundle {
    const first = this.#isRepeated ? this.#index - 1 : this.#index;
    return pickFrames(this.#bundle, (_kind, _id, index) => index >= first)!;
  }
}

/**
 * Visits each frame in order.
 *
 * @throws SyntaxError where the text isn't JSON, before any frame is visited.
 */
export function readFrames(bundle: Bundle, visit: (frame: FrameView) => void): void {
  const reader = new FrameReader(bundle);
  for (let frame = reader.next(); frame; frame = reader.next()) visit(frame);
}
