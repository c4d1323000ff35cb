// Gives an error made by errors/errors.ts a cause.

/** `error`, with `cause` as the constructor would have set it. */
export function withCause<E extends Error>(error: E, cause: unknown): E {
  return Object.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true });
}
