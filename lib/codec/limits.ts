// How large and how deep a value may be. Both directions read them here, so that what was encoded can be decoded.

/**
 * Characters and bytes that one value may have, so that it passes every channel: V8's longest string has 2^29 - 24
 * characters and is read from no more bytes, a channel that carries JSON makes 4 characters of 3 bytes, and a process that
 * passes a value on may have one kind of channel on each side.
 */
export const MAX_VALUE = 256 * 1024 * 1024;

/** Levels of nesting: a quarter of what the default stack holds, so that a deep call stack may stand below. */
export const MAX_DEPTH = 1000;

/** Signals in the arguments of one call. */
export const MAX_SIGNALS = 1000;

/** Holes in the arrays of one value: they cost nothing on the way and memory on arrival, so a frame must not claim any number. */
export const MAX_HOLES = 1_000_000;

/** From here a string travels beside the text: to escape it and to read it back costs more. Measured on Node 20, both channels. */
export const LONG_STRING = 512;

/** Characters of the name, the message or the stack of an error; what is longer is cut. */
export const MAX_ERROR_TEXT = 1024 * 1024;

/** Own properties of one error, and entries of its `errors`, that travel. */
export const MAX_ERROR_KEYS = 1000;
export const MAX_ERRORS = 10_000;

/** About how many characters and bytes of an error may be encoded in vain, because it turned out later that they can't travel. */
export const MAX_WASTE = 1024 * 1024;

/** About how many characters and bytes one own property of an error may have. It tells what happened; it is no transport. */
export const MAX_ERROR_PROPERTY = 64 * 1024;

/** About how many characters the key of a topic may have, unless the topic is a string. */
export const MAX_KEY = 1024 * 1024;

/** Characters of a topic or key that is a string. */
export const MAX_STRING_KEY = 16 * 1024 * 1024;

/** About how many characters and bytes an error in a control frame may have: these are never cut in slices. */
export const MAX_CONTROL_ERROR = 64 * 1024;
