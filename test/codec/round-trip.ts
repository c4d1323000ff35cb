// Sends values the way the channels do: text and parts through V8's serializer, and through JSON with bytes as base64.

import { deserialize, serialize } from 'node:v8';
import { decodeError } from '../../lib/codec/decode-error.js';
import { decodeValue, type SignalReader } from '../../lib/codec/decode-value.js';
import { encodeError } from '../../lib/codec/encode-error.js';
import { encodeData, encodeValue, type SignalWriter } from '../../lib/codec/encode-value.js';
import type { OwnTypes } from '../../lib/codec/own-types.js';
import type { Part, Payload } from '../../lib/protocol/payload.js';

/** The two serializations of a channel. */
export const CHANNELS = {
  advanced: (payload: Payload): Payload => deserialize(serialize(payload)),
  json: (payload: Payload): Payload => {
    const sent = JSON.stringify({ ...payload, parts: payload.parts?.map(toJsonPart) });
    const came = JSON.parse(sent) as Payload & { parts?: (string | { b: string })[] };
    return { ...came, parts: came.parts?.map(fromJsonPart) };
  },
};

/** The value after its way over a channel. */
export function travel(value: unknown, channel: keyof typeof CHANNELS = 'advanced', signals?: Signals): unknown {
  return decode(CHANNELS[channel](encodeValue(value, 'value', signals)), signals);
}

/** A result after its way over a channel. */
export function travelAsData(value: unknown, channel: keyof typeof CHANNELS = 'advanced', own?: OwnTypes): unknown {
  const { text, ext, parts } = CHANNELS[channel](encodeData(value, 'result', own));
  return decodeValue(JSON.parse(text), ext, parts, undefined, false, own);
}

/** What was thrown, after its way over a channel. */
export function travelThrown(
  thrown: unknown,
  localStack?: string,
  channel: keyof typeof CHANNELS = 'advanced',
  own?: OwnTypes,
): Error {
  const { text, ext, parts } = CHANNELS[channel](encodeError(thrown, undefined, own));
  return decodeError(JSON.parse(text), ext, parts, localStack, own);
}

export function decode({ text, ext, parts }: Payload, signals?: SignalReader): unknown {
  return decodeValue(JSON.parse(text), ext, parts, signals);
}

/** Both ends of the signals of one call. */
export class Signals implements SignalWriter, SignalReader {
  readonly sent: AbortSignal[] = [];
  readonly live = new Map<number, AbortController>();

  readonly streams = new Map<number, object>();
  argumentDepth = 0;

  add(signal: AbortSignal): number {
    return this.sent.push(signal);
  }

  addStream(stream: object): number {
    this.streams.set(this.streams.size + 1, stream);
    return this.streams.size;
  }

  stream(id: number, form: unknown): object {
    return { id, form };
  }

  get(number: number): AbortSignal {
    const controller = new AbortController();
    this.live.set(number, controller);
    return controller.signal;
  }
}

function toJsonPart(part: Part): string | { b: string } {
  return typeof part === 'string' ? part : { b: Buffer.from(part).toString('base64') };
}

function fromJsonPart(part: string | { b: string }): Part {
  return typeof part === 'string' ? part : Buffer.from(part.b, 'base64');
}
