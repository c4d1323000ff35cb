// JSON values: the form in which every value leaves the codec and returns to it.

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object. An own `__proto__` is an ordinary key. */
export interface JsonObject {
  [key: string]: Json;
}

/** Sets an own property. A plain assignment of `__proto__` would set the prototype instead. */
export function setOwn(target: JsonObject, key: string, value: Json): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}
