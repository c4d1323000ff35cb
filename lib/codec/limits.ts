// Limits on the size and depth of values, for both directions, so that everything that was encoded can be decoded.

/**
 * Characters and bytes that one value may have, so that it fits every channel: V8's longest string has 2^29 - 24 characters
 * and is read from no more bytes, a channel that carries JSON turns 3 bytes into 4 characters, and a process that forwards a
 * value may have a different channel on each side.
 */
export const MAX_VALUE = 256 * 1024 * 1024;

/** Levels of nesting: a quarter of what the default stack allows, so that the caller may already use much of the stack. */
export const MAX_DEPTH = 1000;

/** Signals in the arguments of one call. */
export const MAX_SIGNALS = 1000;

/** Holes in the arrays of one value: they cost nothing in transit but memory on arrival, so their number is limited. */
export const MAX_HOLES = 1_000_000;

/** Strings of this length or more are sent beside the text: escaping and parsing cost more (Node 20, both channels). */
export const LONG_STRING = 512;

/** Characters of the name, the message or the stack of an error. Longer texts are cut. */
export const MAX_ERROR_TEXT = 1024 * 1024;

/** Own properties of one error, and entries of its `errors`, that are sent. */
export const MAX_ERROR_KEYS = 1000;
export const MAX_ERRORS = 10_000;

/** Approximate characters and bytes of an error that may be encoded in vain, because they turn out not to be sendable. */
export const MAX_WASTE = 1024 * 1024;

/**
 * Approximate characters and bytes of one own property of an error. Properties are for diagnosis, not for transporting data.
 */
export const MAX_ERROR_PROPERTY = 64 * 1024;

/** Approximate characters of the key of a topic, unless the topic is a string. */
export const MAX_KEY = 1024 * 1024;

/** Characters of a topic or key that is a string. */
export const MAX_STRING_KEY = 16 * 1024 * 1024;

/** Approximate characters and bytes of an error in a control frame. Control frames are never split into slices. */
export const MAX_CONTROL_ERROR = 64 * 1024;
