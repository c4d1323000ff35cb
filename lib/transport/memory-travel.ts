// Copies a message the way the serialization of a channel does.

import { deserialize, serialize } from 'node:v8';

/** How a channel serializes messages; the `serialization` option of `child_process.fork`. */
export type Serialization = 'advanced' | 'json';

/** A copy as made by a real channel; `undefined` if the message cannot be serialized. */
export function travel(message: unknown, serialization: Serialization): { readonly copy: unknown } | undefined {
  try {
    return { copy: serialization === 'json' ? JSON.parse(JSON.stringify(message)) : deserialize(serialize(message)) };
  } catch {
    return undefined;
  }
}
