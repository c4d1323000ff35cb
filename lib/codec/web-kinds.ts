// Kinds of web classes: headers, forms, blobs and files.

import type { Json } from './json.js';
import type { Kind } from './kind.js';
import type { Reader } from './reader.js';
import { Tag } from './tags.js';
import { readText, writeText } from './text.js';
import { bytesOfBlob } from './unread-blobs.js';
import type { Writer } from './writer.js';

export const headersKind: Kind<Headers> = {
  tag: Tag.HEADERS,
  classes: ['Headers'],
  is: object => object instanceof Headers,
  write: (writer, headers) => [Tag.HEADERS, ...[...headers].flat().map(text => writeText(writer, text))],
  read: (reader, node) => {
    const headers = reader.meet(new Headers());
    for (let i = 1; i < node.length; i += 2) headers.append(readText(reader, node[i]), readText(reader, node[i + 1]));
    return headers;
  },
};

export const formDataKind: Kind<FormData> = {
  tag: Tag.FORM_DATA,
  classes: ['FormData'],
  is: object => object instanceof FormData,
  write: (writer, form) => {
    const node: Json[] = [Tag.FORM_DATA];
    writer.enter(form);
    for (const [name, value] of form) node.push(writeText(writer, name), writer.item(name, value));
    writer.leave();
    return node;
  },
  read: (reader, node) => {
    const form = reader.meet(new FormData());
    for (let i = 1; i < node.length; i += 2) {
      const name = readText(reader, node[i]);
      const value = reader.read(node[i + 1]);
      if (value instanceof Blob) form.append(name, value as File);
      else form.append(name, String(value));
    }
    return form;
  },
};

export const blobKind: Kind<Blob> = {
  tag: Tag.BLOB,
  classes: ['Blob'],
  is: object => object instanceof Blob,
  write: (writer, blob) => [Tag.BLOB, writeText(writer, blob.type), ...writeBytes(writer, blob)],
  read: (reader, [, type]) => {
    const text = readText(reader, type);
    return reader.meet(new Blob([reader.copyBytes()], { type: text }));
  },
};

export const fileKind: Kind<File> = {
  tag: Tag.FILE,
  classes: ['File'],
  is: object => object instanceof File,
  write: (writer, file) => [
    Tag.FILE,
    writeText(writer, file.type),
    writeText(writer, file.name),
    file.lastModified,
    ...writeBytes(writer, file),
  ],
  read: (reader: Reader, [, type, name, lastModified]) => {
    const [typeText, nameText] = [readText(reader, type), readText(reader, name)];
    const options = { type: typeText, lastModified: Number(lastModified) };
    return reader.meet(new File([reader.copyBytes()], nameText, options));
  },
};

const writeBytes = (writer: Writer, blob: Blob): Json[] => writer.takeBytes(bytesOfBlob(blob));
