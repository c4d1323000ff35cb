// Lists in which what can't travel is left behind instead of refused.

/**
 * Not a string, so that it is no property that travels; and not looked at where a list is plain JSON, so that it costs
 * nothing. Another copy of the library may encode the list.
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
