// What the codec needs for a class of objects, with both directions side by side.

import type { Json } from './json.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** A class of objects that can be sent. */
export interface Kind<T extends object = object> {
  readonly tag: number;
  /** The globals whose instances are of this kind. Instances of subclasses are not. */
  readonly classes: readonly string[];
  /** Whether the object is of this kind, from any realm. Called only for an object whose class has one of the names. */
  is(object: object): boolean;
  /** The node: the tag, followed by what `read` needs. */
  write(writer: Writer, object: T): Json[];
  /**
   * Creates the object from a node, of which only the tag was checked. Calls `reader.meet(object)` before it reads the
   * content.
   */
  read(reader: Reader, node: readonly Json[]): unknown;
}
