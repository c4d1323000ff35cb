// The streams that methods return. Their items are sent as the caller takes them.

import { encodeData } from '../codec/encode-value.js';
import { UnreadBlob } from '../codec/unread-blobs.js';
import type { SharedClientError } from '../errors/shared-client-error.js';
import { resultNotSerializable } from '../errors/value-errors.js';
import { Kind } from '../protocol/bundle.js';
import type { Payload } from '../protocol/payload.js';
import { shareOf } from '../streams/credit.js';
import { ItemSender } from '../streams/item-sender.js';
import { StreamSource } from '../streams/stream-source.js';
import { type AsyncContext, captureContext } from '../utils/async-context.js';
import type { LeaseGate } from './lease-gate.js';
import type { RunningCall } from './running-call.js';
import type { ServiceOptions } from './service-options.js';
import { type MethodOwner, runAsCall } from './start-method.js';

export interface StreamEnds {
  /** The source ended after so many items. */
  ended(call: RunningCall, count: number): void;
  failed(call: RunningCall, error: unknown): void;
  /** The caller ended it, and the source has finished. */
  closed(call: RunningCall): void;
  /** An item that nobody receives. */
  drop(item: unknown): void;
}

export class ResultStreams {
  constructor(
    private readonly options: ServiceOptions,
    private readonly gate: LeaseGate,
    private readonly owner: MethodOwner,
    private readonly ends: StreamEnds,
  ) {}

  /** Tells the caller that the result of its call is a stream. Nothing is read before the caller asks. */
  open(call: RunningCall, source: object): void {
    const { clock, sender, report, served } = this.options;
    const { ended, failed, closed, drop } = this.ends;
    const { workerId, id } = call;
    // That in which the method ran, with what callContext() returns.
    const context = call.context.runInAsyncScope(runAsCall<AsyncContext>, undefined, call, captureContext, this.owner);
    const output = new ItemSender({
      clock,
      source: context.runInAsyncScope(() => new StreamSource(source)),
      run: fn => context.runInAsyncScope(fn),
      mayRead: () => !this.gate.mustHold(clock.now()),
      mostBytes: () => shareOf(served.streams.size),
      encode: item => this.#encode(call, item),
      send: (kind, text, parts) => sender.to(workerId, kind, id, text, parts),
      ended: count => {
        served.streams.delete(output);
        ended(call, count);
      },
      failed: error => {
        served.streams.delete(output);
        failed(call, error);
      },
      closed: () => {
        served.streams.delete(output);
        closed(call);
      },
      drop,
      report,
    });
    call.output = output;
    served.streams.add(output);
    sender.to(workerId, Kind.STREAM, id, '0');
  }

  /** The lease is valid again. */
  resume(): void {
    for (const stream of this.options.served.streams) stream.resume();
  }

  #encode(call: RunningCall, item: unknown): Payload {
    try {
      return encodeData(item, 'an item', this.options.client.own);
    } catch (error) {
      if (error instanceof UnreadBlob) throw error;
      throw resultNotSerializable(call.method, error as SharedClientError);
    }
  }
}
