// What a message is after it travelled: a copy, as the serialization of the channel makes it.

import { deserialize, serialize } from 'node:v8';

/** How messages travel on a channel, as the `serialization` of `child_process.fork`. */
export type Serialization = 'advanced' | 'json';

/** A copy in the way a real channel makes it, or `undefined` where the message can't travel. */
export function travel(message: unknown, serialization: Serialization): { readonly copy: unknown } | undefined {
  try {
    return { copy: serialization === 'json' ? JSON.parse(JSON.stringify(message)) : deserialize(serialize(message)) };
  } catch {
    return undefined;
  }
}
