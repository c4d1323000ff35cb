// The tagged form: JSON in which plain objects stay as they are and arrays are `[tag, ...]`. A tag must never be reused.

/**
 * The first element of each array in the tagged form, and what follows it. `bytes` adds no element: they are the next part.
 */
export const Tag = {
  /** the elements */
  ARRAY: 0,
  UNDEFINED: 1,
  /** the length, then index, element, index, element: an array with holes */
  SPARSE: 2,
  NAN: 3,
  INFINITY: 4,
  NEGATIVE_INFINITY: 5,
  NEGATIVE_ZERO: 6,
  /** hexadecimal digits as a string, after a `-` if negative: both directions take linear time */
  BIGINT: 7,
  /** nothing: the string is the next part */
  STRING: 8,
  /** milliseconds, or null if invalid */
  DATE: 9,
  /** source, flags, lastIndex */
  REGEXP: 10,
  /** key, value, key, value */
  MAP: 11,
  /** the values */
  SET: 12,
  /** bytes */
  BUFFER: 13,
  /** bytes */
  ARRAY_BUFFER: 14,
  /** the class's name, bytes: a typed array or DataView */
  VIEW: 15,
  /** built-in class, name, message, stack, an object of own properties; then the name of its class if `errors` lists it */
  ERROR: 16,
  /** href */
  URL: 17,
  /** the query */
  SEARCH_PARAMS: 18,
  /** the signal's number in this call */
  SIGNAL: 19,
  /** the number of an earlier object, counted in the order met */
  SEEN: 20,
  /** name, value, name, value */
  HEADERS: 21,
  /** name, a string or file, name, a string or file */
  FORM_DATA: 22,
  /** the type, bytes */
  BLOB: 23,
  /** the type, bytes, the name, the time of the last change in ms */
  FILE: 24,
  /** the name of an application type, the result of its `encode` */
  OWN: 25,
  /** the stream's id, a form of `StreamForm`: an argument that is sent item by item */
  STREAM: 26,
} as const;
