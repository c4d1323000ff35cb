// Sends the packets of one channel: one per tick, control before data, with a window that limits unwritten data.

import { releaseBuffer } from '../utils/buffers.js';
import type { Clock } from '../utils/clock.js';
import type { Mutable } from '../utils/mutable.js';
import type { Bundle, BytesBundle } from './bundle.js';
import { type BundleBuilder, bytesOf, ownBundle, unsendable, WRITE_BYTES } from './frames.js';
import { headToBytes } from './head.js';
import { type ControlFrame, MARKER, type Packet, type Slice } from './messages.js';
import { packForBytes, packForJson } from './pack-parts.js';
import { SliceWriter } from './slices.js';

/**
 * Limit of data that was passed to the channel and is not yet written. More data waits here, where control frames can
 * overtake it. A larger bundle is sent in slices.
 */
export const WINDOW_BYTES = 1024 * 1024;

/**
 * Control frames per packet. Many groups may change at once, each with an error; together they must not become one message.
 */
const MOST_CONTROLS = 1000;

/** An entry in the data queue. */
export type Entry =
  | BundleBuilder
  | { readonly bundle: Bundle; readonly bytes: number }
  /** a control frame that must not overtake the data before it */
  | { readonly control: ControlFrame; readonly bytes: number; readonly written?: (() => void) | undefined };

export interface OutboxOptions {
  readonly clock: Clock;
  readonly version: number;
  /** For the envelope of the packets. */
  readonly link: number;
  readonly direction: 'up' | 'down';
  /** Whether the channel carries binary data. */
  readonly carriesBytes: boolean;
  /**
   * Messages are passed as objects, without a copy: nothing is packed, and the other end reads them long after `written`.
   */
  readonly isByReference?: true | undefined;
  send(packet: Packet, written: () => void): void;
  createSlices?(bundle: Bundle, carriesBytes: boolean): SliceWriter;
  /** Called after data was written and the window was filled again. */
  onRoom?(): void;
}

/** A packet that is being assembled. */
interface Leaving {
  readonly c: ControlFrame[];
  readonly d: Bundle[];
  slice: Slice | undefined;
  bytes: number;
  written: (() => void)[] | undefined;
}

export class Outbox {
  readonly #options: OutboxOptions;
  #controls: ControlFrame[] = [];
  #queue: Entry[] = [];
  #first = 0;
  /** All bundles before this index are free of references to incoming messages. */
  #owned = 0;
  /** A bundle that is being sent in slices. */
  #slices: SliceWriter | undefined;
  #windowBytes = 0;
  /** Added since the last flush. */
  #newBytes = 0;
  #isScheduled = false;
  #isClosed = false;
  #packets = 0;
  /** Bytes of data that wait here and were not yet passed to the channel. */
  queuedBytes = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Sent at the end of this tick, before all waiting data. */
  control(frame: ControlFrame): void {
    this.#controls.push(frame);
    this.#schedule();
  }

  /**
   * Sent after all data that was added before it.
   * @param written called once, when the frame was written or is known to be lost
   */
  controlInOrder(frame: ControlFrame, written?: () => void): void {
    if (this.#isClosed) written?.();
    else this.#put({ control: frame, bytes: 0, written });
  }

  /** Adds a bundle that accepts frames until it is sent. `queuedBytes` does not include it. */
  open(bundle: BundleBuilder): void {
    this.#put(bundle);
  }

  data(bundle: Bundle, bytes = bytesOf(bundle)): void {
    if (this.#isClosed) return;
    this.queuedBytes += bytes;
    this.#newBytes += bytes;
    this.#put({ bundle, bytes });
    if (this.#newBytes >= WRITE_BYTES) this.flush();
  }

  /** Bytes of data that wait here, including bundles that are still open. */
  get waitingBytes(): number {
    let bytes = this.#slices?.bytesLeft ?? 0;
    for (let i = this.#first; i < this.#queue.length; i++) bytes += this.#queue[i]!.bytes;
    return bytes;
  }

  /** Whether data that is flushed now is probably written at once, because little waits before it. */
  get isClear(): boolean {
    return this.#windowBytes <= WRITE_BYTES && this.#windowBytes + this.waitingBytes <= WRITE_BYTES;
  }

  /** Sends now what the window allows. */
  flush(): void {
    if (this.#isClosed) return;
    this.#newBytes = 0;
    while (this.#controls.length > 0 || (this.#hasData && this.#windowBytes < WINDOW_BYTES)) {
      this.#send(this.#next());
    }
    if (!this.#options.isByReference) this.#own();
  }

  /** Entries that wait beyond this turn must not keep the whole incoming message in memory. */
  #own(): void {
    for (let i = Math.max(this.#first, this.#owned); i < this.#queue.length; i++) {
      const entry = this.#queue[i]!;
      if ('bundle' in entry) this.#queue[i] = { bundle: ownBundle(entry.bundle), bytes: entry.bytes };
    }
    this.#owned = this.#queue.length;
  }

  get #hasData(): boolean {
    return this.#first < this.#queue.length || this.#slices !== undefined;
  }

  /** Removes and returns the waiting bundles that match, except open ones. */
  takeBack(matches: (bundle: Bundle) => boolean): Bundle[] {
    const taken: Bundle[] = [];
    const rest: Entry[] = [];
    for (const entry of this.#waiting()) {
      if ('bundle' in entry && matches(entry.bundle)) taken.push(entry.bundle);
      else rest.push(entry);
    }
    this.#replace(rest);
    return taken;
  }

  /** Stops sending once all control frames were passed to the channel, those too that wait behind data. Discards the data. */
  end(): void {
    this.flush();
    for (const entry of this.#waiting()) if ('control' in entry) this.#controls.push(entry.control);
    while (this.#controls.length > 0)
      this.#send({ c: this.#takeControls(), d: [], slice: undefined, bytes: 0, written: undefined });
    this.close();
  }

  /** Stops sending. Discards everything that waits. */
  close(): void {
    this.#isClosed = true;
    this.#controls = [];
    this.#slices = undefined;
    const lost = this.#waiting();
    this.#replace([]);
    for (const entry of lost) if ('control' in entry) entry.written?.();
  }

  #put(entry: Entry): void {
    if (this.#isClosed) return;
    this.#queue.push(entry);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.#options.clock.defer(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  #next(): Leaving {
    const packet: Leaving = { c: this.#takeControls(), d: [], slice: undefined, bytes: 0, written: undefined };
    if (this.#controls.length > 0) return packet;
    if (!this.#slices) this.#fill(packet);
    if (this.#slices && packet.d.length === 0 && this.#windowBytes < WINDOW_BYTES)
      this.#takeSlice(packet, this.#slices);
    this.#forget();
    return packet;
  }

  #takeControls(): ControlFrame[] {
    const all = this.#controls;
    this.#controls = all.length > MOST_CONTROLS ? all.slice(MOST_CONTROLS) : [];
    return all.length > MOST_CONTROLS ? all.slice(0, MOST_CONTROLS) : all;
  }

  #takeSlice(packet: Leaving, slices: SliceWriter): void {
    const before = slices.bytesLeft;
    packet.slice = slices.next();
    packet.bytes = before - slices.bytesLeft;
    this.queuedBytes -= packet.bytes;
    if (slices.bytesLeft === 0) this.#slices = undefined;
  }

  #fill(packet: Leaving): void {
    while (this.#first < this.#queue.length) {
      if (this.#windowBytes + packet.bytes >= WINDOW_BYTES) break;
      const entry = this.#queue[this.#first]!;
      if (packet.bytes > 0 && packet.bytes + entry.bytes > WRITE_BYTES) break;
      if ('control' in entry) {
        // The reader handles control frames before data, so this frame starts a new packet.
        if (packet.d.length > 0) break;
        packet.c.push(entry.control);
        if (entry.written) packet.written = [...(packet.written ?? []), entry.written];
      } else {
        if ('bundle' in entry) this.queuedBytes -= entry.bytes;
        if (entry.bytes > WINDOW_BYTES || cameInSlices(entry)) return this.#cut(entry);
        packet.bytes += entry.bytes;
        packet.d.push(sealed(entry));
      }
      this.#first++;
    }
  }

  #cut(entry: BundleBuilder | { readonly bundle: Bundle }): void {
    this.#first++;
    this.#slices = this.#sliced(entry);
    this.queuedBytes += this.#slices.bytesLeft;
  }

  /** Every encoded bundle fits, but memory may be missing: its large frames are then replaced; see `unsendable`. */
  #sliced(entry: BundleBuilder | { readonly bundle: Bundle }): SliceWriter {
    const { carriesBytes, createSlices = defaultSlices } = this.#options;
    try {
      return createSlices(sealed(entry), carriesBytes);
    } catch {
      return new SliceWriter(withoutLarge(entry), carriesBytes);
    }
  }

  #send({ c, d, slice, bytes, written }: Leaving): void {
    const { version, link, direction } = this.#options;
    const packet: Mutable<Packet> = { [MARKER]: version, link, [direction]: ++this.#packets };
    if (c.length > 0) packet.c = c;
    const packed = this.#pack(d);
    if (packed.length > 0) packet.d = packed;
    if (slice) packet.s = slice;
    this.#windowBytes += bytes;
    this.#options.send(packet, () => {
      this.#windowBytes -= bytes;
      // Only blocks that were created here may be released; others may still be read.
      for (let i = 0; i < d.length; i++) if (packed[i]!.q && !d[i]!.q) releaseBuffer(packed[i]!.q!);
      if (written) for (const callback of written) callback();
      if (bytes === 0 || this.#isClosed) return;
      this.flush();
      this.#options.onRoom?.();
    });
  }

  #pack(bundles: readonly Bundle[]): readonly (Bundle | BytesBundle)[] {
    const { isByReference, carriesBytes } = this.#options;
    if (isByReference) return bundles;
    return carriesBytes ? bundles.map(forBytes) : bundles.map(packForJson);
  }

  #waiting(): Entry[] {
    return this.#first === 0 ? this.#queue : this.#queue.slice(this.#first);
  }

  #replace(entries: Entry[]): void {
    this.#queue = entries;
    this.#first = 0;
    this.#owned = 0;
    this.queuedBytes = this.#slices?.bytesLeft ?? 0;
    for (const entry of entries) if ('bundle' in entry) this.queuedBytes += entry.bytes;
  }

  /** Removes sent entries without shifting the rest each time. */
  #forget(): void {
    if (this.#first === this.#queue.length) {
      this.#queue = [];
      this.#first = 0;
      this.#owned = 0;
    } else if (this.#first > 1024 && this.#first * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#owned = Math.max(0, this.#owned - this.#first);
      this.#first = 0;
    }
  }
}

const defaultSlices = (bundle: Bundle, carriesBytes: boolean): SliceWriter => new SliceWriter(bundle, carriesBytes);

function withoutLarge(entry: BundleBuilder | { readonly bundle: Bundle }): Bundle {
  if (!('bundle' in entry)) return unsendable(entry.envelope, index => entry.texts[index]!);
  const { x, h } = entry.bundle;
  return unsendable(entry.bundle, (index, offset) => x.slice(offset, offset + h[4 * index + 2]!));
}

const cameInSlices = (entry: BundleBuilder | { readonly bundle: Bundle }): boolean =>
  'bundle' in entry && entry.bundle.y !== undefined;

const sealed = (entry: BundleBuilder | { readonly bundle: Bundle }): Bundle =>
  'bundle' in entry ? entry.bundle : entry.seal();

/** The head of a bundle with fewer frames is written as a list as fast as in bytes. Measured on Node 20. */
const WORTH_BYTES = 16;

function forBytes(bundle: Bundle): Bundle | BytesBundle {
  const packed = packForBytes(bundle);
  return packed.h.length < 4 * WORTH_BYTES ? packed : { ...packed, h: headToBytes(packed.h) };
}
