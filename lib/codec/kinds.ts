// All kinds of objects that can be sent, with lookups by object and by tag.

import { arrayBufferKind, bufferKind, viewKind } from './byte-kinds.js';
import { mapKind, setKind } from './collection-kinds.js';
import { errorKind } from './error-kind.js';
import type { Kind } from './kind.js';
import { dateKind, regexpKind, searchParamsKind, signalKind, urlKind } from './leaf-kinds.js';
import { className } from './prototypes.js';
import { blobKind, fileKind, formDataKind, headersKind } from './web-kinds.js';

const KINDS = [
  dateKind,
  regexpKind,
  mapKind,
  setKind,
  bufferKind,
  arrayBufferKind,
  viewKind,
  urlKind,
  searchParamsKind,
  signalKind,
  headersKind,
  formDataKind,
  fileKind,
  blobKind,
  errorKind,
] as readonly Kind[];

/** The kind of an object, if it can be sent. */
export function kindOf(object: object): Kind | undefined {
  const kind = BY_PROTOTYPE.get(Object.getPrototypeOf(object));
  if (kind) return kind;
  return errorKind.is(object) ? errorKind : foreignKindOf(object);
}

/** The kind of an instance of a subclass of one that can be sent, such as a `Map` with additional methods. */
export function inheritedKindOf(object: object): Kind | undefined {
  let prototype = Object.getPrototypeOf(object);
  while (prototype !== null && !BY_PROTOTYPE.has(prototype)) prototype = Object.getPrototypeOf(prototype);
  return BY_PROTOTYPE.get(prototype);
}

/** The kind with this tag. */
export function kindWithTag(tag: unknown): Kind | undefined {
  return BY_TAG.get(tag);
}

const BY_TAG = new Map<unknown, Kind>(KINDS.map(kind => [kind.tag, kind]));
const BY_PROTOTYPE = new Map<object, Kind>(KINDS.flatMap(kind => kind.classes.flatMap(name => entryOf(name, kind))));

// A class that this version of Node does not have gets no entry.
function entryOf(name: string, kind: Kind): [object, Kind][] {
  const prototype: object | undefined = Reflect.get(globalThis, name)?.prototype;
  return prototype ? [[prototype, kind]] : [];
}

// An object from another realm: the name of its class matches, and the kind's `is` confirms it.
function foreignKindOf(object: object): Kind | undefined {
  const name = className(object);
  return KINDS.find(kind => kind.classes.includes(name) && kind.is(object));
}
