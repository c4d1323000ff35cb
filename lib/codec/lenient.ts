// Lists in which values that cannot be sent are replaced instead of refused.

/**
 * A symbol, so that it is not a property that is sent. It is not checked if the list is plain JSON, so it costs nothing.
 * Registered, because another copy of the library may encode the list.
 */
const LENIENT: unique symbol = Symbol.for('cluster-shared-client.lenient') as never;

/**
 * Marks a list: functions and symbols in it, at any depth, arrive as null, and instances of classes as plain objects of
 * their own enumerable properties.
 */
export function lenient<T extends readonly unknown[]>(list: T): T {
  (list as { [LENIENT]?: boolean })[LENIENT] = true;
  return list;
}

export const isLenient = (list: object): boolean => LENIENT in list;
