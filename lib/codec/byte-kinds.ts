// Kinds of binary data. Each value arrives in its own memory: two views on one ArrayBuffer arrive as two buffers.

import { types } from 'node:util';
import type { Kind } from './kind.js';
import { className } from './prototypes.js';
import { Tag } from './tags.js';
import type { Writer } from './writer.js';

export const bufferKind: Kind<Buffer> = {
  tag: Tag.BUFFER,
  classes: ['Buffer'],
  is: Buffer.isBuffer,
  write: (writer, buffer) => [Tag.BUFFER, ...takeView(writer, buffer)],
  read: reader => reader.meet(reader.buffer()),
};

export const arrayBufferKind: Kind<ArrayBuffer> = {
  tag: Tag.ARRAY_BUFFER,
  classes: ['ArrayBuffer'],
  is: types.isArrayBuffer,
  write: (writer, buffer) => [Tag.ARRAY_BUFFER, ...writer.takeBytes(new Uint8Array(buffer))],
  read: reader => reader.meet(reader.copyBytes().buffer),
};

// Float16Array exists from Node 24 on.
const VIEW_CLASSES = [
  'Uint8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Uint32Array',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'DataView',
];

export const viewKind: Kind<ArrayBufferView> = {
  tag: Tag.VIEW,
  classes: VIEW_CLASSES,
  is: ArrayBuffer.isView,
  write: (writer, view) => [Tag.VIEW, className(view), ...takeView(writer, view)],
  read(reader, [, name]) {
    if (!VIEW_CLASSES.includes(String(name))) return reader.refuse('one with typed arrays that exist here');
    const View: new (buffer: ArrayBuffer) => ArrayBufferView = Reflect.get(globalThis, String(name));
    return reader.meet(new View(reader.copyBytes().buffer));
  },
};

function takeView(writer: Writer, view: ArrayBufferView): string[] {
  if (types.isSharedArrayBuffer(view.buffer)) return writer.refuse('a view of a SharedArrayBuffer');
  return writer.takeBytes(view);
}
