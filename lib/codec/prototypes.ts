// Distinguishes plain objects and arrays, including records, from class instances; in any realm, such as a `vm` context.

/**
 * Whether an object consists only of its own enumerable properties. True for object literals, for objects without a
 * prototype, and for records: instances with properties, of a class that adds none of its own, such as the rows of a driver.
 */
export function isPlainObject(object: object): boolean {
  let ofClass = false;
  let prototype = Object.getPrototypeOf(object);
  while (prototype !== null && !isObjectPrototype(prototype)) {
    if (!addsNothing(prototype)) return false;
    ofClass ||= Object.hasOwn(prototype, 'constructor');
    prototype = Object.getPrototypeOf(prototype);
  }
  return !ofClass || Object.keys(object).length > 0;
}

/** Whether this array (`Array.isArray`) has no class of its own, or one that adds nothing. */
export function isPlainArray(array: object): boolean {
  let prototype = Object.getPrototypeOf(array);
  // The only prototypes that are arrays themselves are the realms' own Array.prototype.
  while (prototype !== null && !Array.isArray(prototype)) {
    if (!addsNothing(prototype)) return false;
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype !== null;
}

/** The name of the nearest class of `object`, for error texts and lookups. */
export function className(object: object): string {
  let prototype = Object.getPrototypeOf(object);
  while (prototype !== null) {
    const owner: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    if (typeof owner === 'function' && owner.name !== 'Object') return String(owner.name);
    prototype = Object.getPrototypeOf(prototype);
  }
  return Object.prototype.toString.call(object).slice('[object '.length, -1);
}

/** Prototypes that were found to have members. Listing the names of a large one, such as that of Buffer, takes 8 kB. */
const withMembers = new WeakSet<object>();

function addsNothing(prototype: object): boolean {
  if (withMembers.has(prototype)) return false;
  const keys = Reflect.ownKeys(prototype);
  if (keys.length === 0 || (keys.length === 1 && keys[0] === 'constructor')) return true;
  withMembers.add(prototype);
  return false;
}

function isObjectPrototype(prototype: object): boolean {
  if (prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'propertyIsEnumerable');
}
