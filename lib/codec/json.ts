// What JSON can say: the form in which every value leaves the codec and comes back to it.

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object; an own `__proto__` is a key like any other. */
export interface JsonObject {
  [key: string]: Json;
}

/** Sets an own property, `__proto__` included, which a plain assignment would take for the prototype. */
export function setOwn(target: JsonObject, key: string, value: Json): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}
