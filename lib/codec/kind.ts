// What the codec has to know of a class of objects, both directions side by side.

import type { Json } from './json.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** A class of objects that can travel. */
export interface Kind<T extends object = object> {
  readonly tag: number;
  /** The globals whose instances are of this kind. A subclass is not. */
  readonly classes: readonly string[];
  /** Is this one, made in whatever realm? Asked only of an object whose class has one of the names. */
  is(object: object): boolean;
  /** The node: the tag, then what `read` needs. */
  write(writer: Writer, object: T): Json[];
  /** Makes the object of a node that has the tag and may else be anything; `reader.meet(object)` before what is in it is read. */
  read(reader: Reader, node: readonly Json[]): unknown;
}
