// The key of a topic: a text that is equal for equal values and different for different ones.

import { tooLarge } from '../errors/value-errors.js';
import { MAX_KEY, MAX_STRING_KEY } from './limits.js';
import { writeValue } from './write-value.js';
import { Writer } from './writer.js';

/**
 * The key of a topic. The order of an object's keys is ignored, that of Maps and Sets is not; an error's stack is ignored.
 * Throws ERR_NOT_SERIALIZABLE for a value that cannot be sent, for a signal, for a key of more than about a million
 * characters, and for a string of more than 16 million.
 * @param path the name of the topic in the text of that error
 */
export function canonicalKey(topic: unknown, path: string): string {
  if (typeof topic === 'string') {
    if (topic.length > MAX_STRING_KEY) throw tooLarge(path, MAX_STRING_KEY);
    return JSON.stringify(topic);
  }
  return new Writer({ path, write: writeValue, canonical: true, limit: MAX_KEY }).payload(topic).text;
}
