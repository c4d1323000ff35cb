// Reading from a plain object that came as JSON: a name such as `__proto__` must not find what every object inherits.

export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
