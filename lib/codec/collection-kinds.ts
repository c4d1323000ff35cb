// Map and Set, in insertion order.

import { types } from 'node:util';
import type { Json } from './json.js';
import type { Kind } from './kind.js';
import { Tag } from './tags.js';

export const mapKind: Kind<Map<unknown, unknown>> = {
  tag: Tag.MAP,
  classes: ['Map'],
  is: types.isMap,
  write(writer, map) {
    const node: Json[] = [Tag.MAP];
    writer.enter(map);
    for (const [key, value] of map) {
      node.push(writer.item(node.length - 1, key));
      node.push(writer.item(node.length - 1, value));
    }
    writer.leave();
    return node;
  },
  read(reader, node) {
    const map = reader.meet(new Map<unknown, unknown>());
    for (let i = 1; i < node.length; i += 2) map.set(reader.read(node[i]), reader.read(node[i + 1]));
    return map;
  },
};

export const setKind: Kind<Set<unknown>> = {
  tag: Tag.SET,
  classes: ['Set'],
  is: types.isSet,
  write(writer, set) {
    const node: Json[] = [Tag.SET];
    writer.enter(set);
    for (const value of set) node.push(writer.item(node.length - 1, value));
    writer.leave();
    return node;
  },
  read(reader, node) {
    const set = reader.meet(new Set<unknown>());
    for (let i = 1; i < node.length; i++) set.add(reader.read(node[i]));
    return set;
  },
};
