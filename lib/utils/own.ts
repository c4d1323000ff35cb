// Reads a property of an object that was parsed from JSON. A key such as `__proto__` must not find an inherited property.

export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
