// Whether a real client emits events, and how to listen to them. Not every object with an `on` is an emitter.

import { EventEmitter } from 'node:events';
import { isThenable } from '../utils/is-thenable.js';

type Anything = Record<string | symbol, unknown>;

/** A client with `on` and one of these methods registers listeners with `on`. */
const OTHERS = ['emit', 'once', 'addListener', 'removeListener', 'addEventListener'];

/** Methods of emitters other than Node's, such as `eventemitter2`. */
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
 * A method that could remove the client's own listeners, or emit events in its name. A call of it from another process is
 * not meant to do either.
 */
export const isEmitterMethod = (client: object, name: string): boolean => NAMES.has(name) && isEmitter(client);

/** Whether its `on` registers listeners. */
export function isEmitter(client: object): boolean {
  if (client instanceof EventEmitter || client instanceof EventTarget) return true;
  const { on } = client as Anything;
  if (typeof on !== 'function') return false;
  return on.length >= 2 || OTHERS.some(name => typeof (client as Anything)[name] === 'function');
}

/** Calls `on` or `off`. Calls `failed` if that throws, or returns a promise that rejects. */
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
