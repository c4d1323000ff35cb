// The streams in the arguments of calls that this leader runs. Their items come from the worker that made the call.

import { Readable } from 'node:stream';
import { decodeValue } from '../codec/decode-value.js';
import { StreamForm } from '../codec/handles.js';
import type { OwnTypes } from '../codec/own-types.js';
import { closed } from '../errors/call-errors.js';
import { Kind } from '../protocol/bundle.js';
import type { FrameView } from '../protocol/frame-reader.js';
import { DEFAULT_WINDOW } from '../streams/credit.js';
import { ItemReader } from '../streams/item-reader.js';
import { RemoteStream } from '../streams/remote-stream.js';
import type { RunningCall, StreamOpener } from './running-call.js';
import type { Sender } from './sender.js';

export interface ArgumentStreamsOptions {
  readonly sender: Pick<Sender, 'to'>;
  /** The leader's own worker. */
  readonly self: number;
  readonly own: OwnTypes | undefined;
}

export class ArgumentStreams implements StreamOpener {
  /** By worker and id. */
  readonly #readers = new Map<string, ItemReader>();

  constructor(private readonly options: ArgumentStreamsOptions) {}

  /** Opens a stream for a call whose arguments are being decoded. @returns an object of the class that the caller passed */
  open(call: RunningCall, id: number, form: unknown): object {
    const { sender } = this.options;
    const { workerId } = call;
    const reader = new ItemReader({
      window: DEFAULT_WINDOW,
      pull: (taken, window) => sender.to(workerId, Kind.PULL, id, `[${taken},${window}]`),
      stop: () => sender.to(workerId, Kind.STOP, id, '0'),
      // The caller's deadline is that of the call.
      waits: () => {},
    });
    this.#readers.set(keyOf(workerId, id), reader);
    call.inputs ??= new Map();
    call.inputs.set(id, reader);
    return inForm(new RemoteStream(reader), form);
  }

  /** An item, or the end, of a stream. Those of streams that nobody reads any more are dropped. */
  receive(from: number, { kind, id, json, ext, parts, length }: FrameView): void {
    const reader = this.#readers.get(keyOf(from, id));
    if (!reader) return;
    const { self, own } = this.options;
    const decode = (item: unknown) => decodeValue(item, ext, parts, undefined, from !== self, own);
    try {
      if (kind === Kind.ITEM) return reader.item({ json, length, parts }, decode);
      const [count, error] = json as [unknown, unknown];
      if (ext) reader.end({ error: decode(error) });
      else reader.ended(count);
    } catch (error) {
      reader.end({ error });
    }
  }

  /** The call has ended, or did not begin: its streams end. */
  release(call: RunningCall): void {
    for (const [id, reader] of call.inputs ?? []) {
      this.#readers.delete(keyOf(call.workerId, id));
      reader.end({ error: closed(`The call of ${call.method}() that this stream belongs to`) });
    }
    call.inputs = undefined;
  }
}

const keyOf = (workerId: number, id: number): string => `${workerId}|${id}`;

function inForm(stream: RemoteStream, form: unknown): object {
  if (form === StreamForm.WEB) return ReadableStream.from(stream);
  if (form !== StreamForm.NODE_OBJECTS && form !== StreamForm.NODE_BYTES) return stream;
  const readable = Readable.from(stream, { objectMode: form === StreamForm.NODE_OBJECTS });
  // The caller may end at any time. An error without a listener would end the process of the leader.
  return readable.on('error', () => {});
}
