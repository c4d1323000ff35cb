// An encoded value. Only the codec reads it; all other modules pass it on.

/** Data kept outside the text, because JSON would make it larger or slower: bytes and long strings. */
export type Part = string | Uint8Array;

/** An encoded value. Immutable: it shares no memory with the original value. */
export interface Payload {
  /** One JSON value. */
  readonly text: string;
  /** False: `JSON.parse(text)` is the value. True: the codec's tagged form. */
  readonly ext: boolean;
  readonly parts: readonly Part[] | undefined;
}

/**
 * The form in which a part is sent: unchanged, bytes as base64, or a length in the bundle's block: `n` for a string of `n`
 * bytes in UTF-8, `-1 - n` for `n` bytes.
 */
export type TravellingPart = Part | { readonly b: string } | number;

/** A payload in a control frame, for any kind of channel. */
export interface PortablePayload {
  readonly text: string;
  readonly ext: boolean;
  readonly parts?: readonly TravellingPart[];
}
