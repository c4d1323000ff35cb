// The type of an object that is still being made.

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
