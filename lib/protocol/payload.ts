// An encoded value: what every room but the codec passes on unread.

/** What travels beside the text because it would only grow or slow down inside it: bytes and long strings. */
export type Part = string | Uint8Array;

/** A value, encoded. Immutable: it shares no memory with the value it was made from. */
export interface Payload {
  /** One JSON value. */
  readonly text: string;
  /** False: `JSON.parse(text)` is the value. True: the codec's tagged form. */
  readonly ext: boolean;
  readonly parts: readonly Part[] | undefined;
}

/**
 * A part on its way: itself, bytes as base64, or what to take next from the bundle's block: `n` bytes of a string in
 * UTF-8, or, as `-1 - n`, `n` bytes.
 */
export type TravellingPart = Part | { readonly b: string } | number;

/** A payload in a control frame, whatever its channel carries. */
export interface PortablePayload {
  readonly text: string;
  readonly ext: boolean;
  readonly parts?: readonly TravellingPart[];
}
