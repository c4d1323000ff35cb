// Reads the frames of a bundle in order.

import { ABOUT, type Abouts, type Bundle, EXT, kindOf, MORE, ONE } from './bundle.js';
import { pickFrames } from './frames.js';
import { unpack } from './pack-parts.js';
import type { Part, Payload } from './payload.js';

const ABOUT_BITS = Math.log2(ABOUT);

/** The current frame. One object is reused for all frames, so keep its fields, not the object. */
export class FrameView {
  kind = 0;
  id = 0;
  ext = false;
  /** For a call: there is exactly one argument, without the surrounding list. */
  one = false;
  /** For a call: the text holds more than the arguments. */
  more = false;
  /** For a call: which pair of the bundle's call headers applies, counted from 1. */
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

  /** For a call. */
  get method(): string | undefined {
    return this.callHeaders?.[2 * this.about - 2] as string | undefined;
  }

  /** For a call; on the machine's monotonic clock. */
  get deadline(): number {
    return (this.callHeaders?.[2 * this.about - 1] as number | null | undefined) ?? Number.POSITIVE_INFINITY;
  }

  /** The frame as a payload, for callers that need the value more than once. */
  payload(): Payload {
    return { text: this.all.slice(this.start, this.start + this.length), ext: this.ext, parts: this.parts };
  }
}

/** Reads the frames of a bundle in order. */
export class FrameReader {
  readonly #bundle: Bundle;
  readonly #values: readonly unknown[];
  readonly #parts: readonly Part[];
  readonly #view: FrameView;
  /** Position of the next frame: in the head, in the text, in the parts. */
  #index = 0;
  #offset = 1;
  #part = 0;
  #isRepeated = false;

  /** @throws SyntaxError if the text is not JSON */
  constructor(bundle: Bundle) {
    this.#bundle = bundle;
    this.#parts = unpack(bundle);
    this.#values = JSON.parse(bundle.x) as unknown[];
    this.#view = new FrameView(bundle.x, bundle.m);
  }

  /** The next frame. One object is reused for all frames, so keep its fields, not the object. */
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

  /** Makes `next()` return the current frame again. Parses its text anew, because decoding may have modified it. */
  repeat(): void {
    this.#isRepeated = true;
    this.#view.json = JSON.parse(this.#view.payload().text);
  }

  get isAtEnd(): boolean {
    return !this.#isRepeated && this.#index * 4 >= this.#bundle.h.length;
  }

  /** The unread frames. There must be at least one. */
  get rest(): Bundle {
    const first = this.#isRepeated ? this.#index - 1 : this.#index;
    return pickFrames(this.#bundle, (_kind, _id, index) => index >= first)!;
  }
}

/**
 * Visits each frame in order.
 *
 * @throws SyntaxError if the text is not JSON, before any frame is visited
 */
export function readFrames(bundle: Bundle, visit: (frame: FrameView) => void): void {
  const reader = new FrameReader(bundle);
  for (let frame = reader.next(); frame; frame = reader.next()) visit(frame);
}
