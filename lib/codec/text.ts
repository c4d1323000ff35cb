// Strings within the node of an object, such as the message of an error or the href of a URL.

import type { Json } from './json.js';
import type { Reader } from './reader.js';
import { Tag } from './tags.js';
import type { Writer } from './writer.js';

/** The string, or a placeholder if it is long and is sent beside the text. */
export const writeText = (writer: Writer, text: string): Json => (writer.takeString(text) ? [Tag.STRING] : text);

export const readText = (reader: Reader, json: Json | undefined): string => String(reader.read(json));
