// Shows the beginning of an object, in a time that doesn't depend on its size.

const MOST_STEPS = 1000;
const MOST_IN_ONE = 100;
const MOST_CHARACTERS = 1000;

/** JSON of the first of what is in it; what that can't say is only named. Throws where the object can't be read at all. */
export function showBriefly(object: object): string {
  let steps = 0;
  try {
    return JSON.stringify(object, (_key, value: unknown) => (++steps > MOST_STEPS ? undefined : beginning(value)));
  } catch {
    // Not `String(object)`: of an array it is all that is in it.
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
