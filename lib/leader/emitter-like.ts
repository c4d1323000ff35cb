// Whether a real client emits events, and how it is listened to: what has an `on` may be anything, a lamp for example.

import { EventEmitter } from 'node:events';
import { isThenable } from '../utils/is-thenable.js';

type Anything = Record<string | symbol, unknown>;

/** Beside `on`, one of these shows that a client registers listeners by it. */
const OTHERS = ['emit', 'once', 'addListener', 'removeListener', 'addEventListener'];

/** Methods of emitters that aren't Node's, `eventemitter2` for one. */
const OF_OTHER_LIBRARIES = [
  'emitAsync',
  'hasListeners',
  'listenersAny',
  'listenTo',
  'many',
  'offAny',
  'onAny',
  'onceAny',
  'prependAny',
  'prependMany',
  'prependOnceMany',
  'stopListeningTo',
  'waitFor',
];

const NAMES: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(EventEmitter.prototype),
  ...Object.getOwnPropertyNames(EventTarget.prototype),
  ...OF_OTHER_LIBRARIES,
]);

/**
 * A method by which a client's own listeners could be taken away, or its events be made up. Whoever calls it from another
 * process means neither.
 */
export const isEmitterMethod = (client: object, name: string): boolean => NAMES.has(name) && isEmitter(client);

/** Its `on` registers listeners. */
export function isEmitter(client: object): boolean {
  if (client instanceof EventEmitter || client instanceof EventTarget) return true;
  const { on } = client as Anything;
  if (typeof on !== 'function') return false;
  return on.length >= 2 || OTHERS.some(name => typeof (client as Anything)[name] === 'function');
}

/** Calls `on` or `off`, which may throw, or return a promise that rejects: then `failed` is called, if at all. */
export function listen(
  client: object,
  method: unknown,
  event: string,
  listener: (...args: unknown[]) => void,
  failed: (error: unknown) => void,
): void {
  if (typeof method !== 'function') return;
  try {
    const returned: unknown = Reflect.apply(method, client, [event, listener]);
    if (isThenable(returned) && returned !== client) returned.then(() => {}, failed);
  } catch (error) {
    failed(error);
  }
}
