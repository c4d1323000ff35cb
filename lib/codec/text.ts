// Strings that belong to an object's node: the message of an error, the address of a URL.

import type { Json } from './json.js';
import type { Reader } from './reader.js';
import { Tag } from './tags.js';
import type { Writer } from './writer.js';

/** The string, or, for a long one that goes beside the text, what stands for it. */
export const writeText = (writer: Writer, text: string): Json => (writer.takeString(text) ? [Tag.STRING] : text);

export const readText = (reader: Reader, json: Json | undefined): string => String(reader.read(json));
