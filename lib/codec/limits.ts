// How large and how deep a value may be. Both directions read them here, so that what was encoded can be decoded.

/** Levels of nesting: a quarter of what the default stack holds, so that a deep call stack may stand below. */
export const MAX_DEPTH = 1000;

/** Holes in the arrays of one value: they cost nothing on the way and memory on arrival, so a frame must not claim any number. */
export const MAX_HOLES = 1_000_000;

/** From here a string travels beside the text: to escape it and to read it back costs more. Measured on Node 20, both channels. */
export const LONG_STRING = 512;

/** About how many characters and bytes one own property of an error may have. It tells what happened; it is no transport. */
export const MAX_ERROR_PROPERTY = 64 * 1024;

/** About how many characters the key of a topic may have, unless the topic is a string. */
export const MAX_KEY = 1024 * 1024;
