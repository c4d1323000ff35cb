// The streams of the calls of one member: results that are read here, and arguments that are sent from here.

import { decodeValue } from '../codec/decode-value.js';
import { encodeError } from '../codec/encode-error.js';
import { encodeValue } from '../codec/encode-value.js';
import { MAX_CONTROL_ERROR } from '../codec/limits.js';
import type { OwnTypes } from '../codec/own-types.js';
import { closed, overloaded } from '../errors/call-errors.js';
import { brokenResult } from '../errors/value-errors.js';
import { countStreams, type StreamCounts } from '../metrics/served.js';
import { EXT, Kind } from '../protocol/bundle.js';
import type { FrameView } from '../protocol/frame-reader.js';
import { shareOf } from '../streams/credit.js';
import { ItemReader } from '../streams/item-reader.js';
import { ItemSender } from '../streams/item-sender.js';
import { RemoteStream } from '../streams/remote-stream.js';
import { StreamSource } from '../streams/stream-source.js';
import type { Clock } from '../utils/clock.js';
import { Deadlines, type Expiring } from '../utils/deadlines.js';
import type { Call } from './call.js';

export interface CallStreamsOptions {
  readonly clock: Clock;
  readonly own: OwnTypes | undefined;
  /** The result of a call is a stream, so its deadline is over. */
  opened(call: Call): void;
  /** A stream was not read, or no item came, for the timeout of its call. */
  expired(call: Call): void;
  /** An item cannot be read. */
  broken(call: Call, error: Error): void;
  /** A stream ended, or its consumer wants no more. */
  ended(call: Call): void;
  /** Tells the leader that nobody waits for the call any more. */
  abort(call: Call, reason: unknown): void;
}

/** How long a stream may wait for its consumer, or a consumer for the next item. */
interface Wait extends Expiring {
  readonly call: Call;
}

/** A stream in the arguments of a call. */
interface Input {
  readonly call: Call;
  readonly sender: ItemSender;
}

export class CallStreams {
  readonly #options: CallStreamsOptions;
  readonly #waits: Deadlines<Wait>;
  readonly #readers = new Set<ItemReader>();
  /** By the id of the stream. */
  readonly #inputs = new Map<number, Input>();

  constructor(options: CallStreamsOptions) {
    this.#options = options;
    this.#waits = new Deadlines(options.clock, ({ call }) => options.expired(call));
  }

  counts(): StreamCounts {
    return countStreams(this.#readers);
  }

  close(): void {
    this.#waits.close();
  }

  // ------------------------------------------------------------------------------------------------------- results

  /** The result of the call is a stream. */
  open(call: Call): void {
    // Sent again, by another route.
    if (call.stream) return;
    const { clock, opened, ended, abort } = this.#options;
    opened(call);
    // For the first item the time until here counts too, but not that which the consumer takes to ask for it. In whole ms,
    // because each length has a timer of its own.
    let timeoutMs = Math.max(0, Math.ceil(call.deadline - clock.now()));
    let wait: Wait | undefined = this.#wait(call, call.timeoutMs);
    const reader = new ItemReader({
      window: call.window,
      pull: (taken, window) => call.route?.send(Kind.PULL, call.id, `[${taken},${window}]`),
      stop: reason => {
        abort(call, reason ?? closed('The stream'));
        ended(call);
      },
      waits: isWaiting => {
        if (wait) this.#waits.remove(wait);
        wait = isWaiting ? this.#wait(call, timeoutMs) : undefined;
        if (isWaiting) timeoutMs = call.timeoutMs;
      },
    });
    call.stream = reader;
    this.#readers.add(reader);
    call.open(new RemoteStream(reader));
  }

  #wait(call: Call, timeoutMs: number): Wait {
    const deadline = Math.ceil(this.#options.clock.now() + timeoutMs);
    const wait: Wait = { call, timeoutMs, deadline, before: undefined, after: undefined };
    this.#waits.add(wait);
    return wait;
  }

  item(call: Call, { json, ext, parts, length }: FrameView): void {
    const { own, broken } = this.#options;
    try {
      call.stream?.item({ json, length, parts }, item => decodeValue(item, ext, parts, undefined, true, own));
    } catch (error) {
      broken(call, brokenResult(call.method, error));
    }
  }

  /** The source ended after `count` items. */
  end(call: Call, count: unknown): void {
    this.#options.ended(call);
    call.stream!.ended(count);
  }

  // ----------------------------------------------------------------------------------------------------- arguments

  /** The call was accepted: its leader may read the streams in its arguments. */
  accept(call: Call): void {
    for (const [id, source] of call.inputs!) this.#inputs.set(id, { call, sender: this.#sender(call, id, source) });
  }

  /** Handles a frame about a stream in the arguments of a call. @returns whether it was one */
  receive({ kind, id, json }: FrameView, term: number): boolean {
    if (kind !== Kind.PULL && kind !== Kind.STOP && kind !== Kind.OVERLOADED) return false;
    const input = this.#inputs.get(id);
    if (!input) return kind !== Kind.OVERLOADED;
    const { call, sender } = input;
    if (call.route?.term !== term) return true;
    if (kind === Kind.STOP) sender.end();
    else if (kind === Kind.OVERLOADED) sender.fail(overloaded('unknown'));
    else {
      call.hasStreamed = true;
      sender.pull(json);
    }
    return true;
  }

  #sender(call: Call, id: number, source: object): ItemSender {
    const { clock, own } = this.#options;
    return new ItemSender({
      clock,
      source: new StreamSource(source),
      run: fn => call.context.runInAsyncScope(fn),
      mayRead: () => true,
      mostBytes: () => shareOf(this.#inputs.size),
      encode: item => encodeValue(item, 'an item', undefined, undefined, own),
      send: (kind, text, parts) => call.route?.send(kind, id, text, parts),
      ended: count => call.route?.send(Kind.ITEMS_END, id, `[${count}]`),
      failed: (error, count) => {
        // Always the tagged form.
        const { text, parts } = encodeError(error, MAX_CONTROL_ERROR, own);
        call.route?.send(Kind.ITEMS_END | EXT, id, `[${count},${text}]`, parts);
      },
      closed: () => {},
      drop: () => {},
      report: error => call.handle.error(error),
    });
  }

  /** The call has ended. */
  release(call: Call): void {
    if (call.stream) this.#readers.delete(call.stream);
    for (const id of call.inputs?.keys() ?? []) {
      this.#inputs.get(id)?.sender.end();
      this.#inputs.delete(id);
    }
  }
}
