// Shows the beginning of an object, in a time that does not depend on its size.

const MOST_STEPS = 1000;
const MOST_IN_ONE = 100;
const MOST_CHARACTERS = 1000;

/**
 * JSON of the beginning of its content. If JSON fails, only the type is shown. Throws if the object cannot be read at all.
 */
export function showBriefly(object: object): string {
  let steps = 0;
  try {
    return JSON.stringify(object, (_key, value: unknown) => (++steps > MOST_STEPS ? undefined : beginning(value)));
  } catch {
    // `String(array)` would contain all elements.
    return Array.isArray(object) ? '[object Array]' : String(object);
  }
}

function beginning(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, MOST_CHARACTERS);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.length > MOST_IN_ONE ? value.slice(0, MOST_IN_ONE) : value;
  const keys = Object.keys(value);
  if (keys.length <= MOST_IN_ONE) return value;
  return Object.fromEntries(
    keys.slice(0, MOST_IN_ONE).map(key => [key.slice(0, MOST_CHARACTERS), (value as Record<string, unknown>)[key]]),
  );
}
