// Sets the cause of an error that errors/ created.

/** `error`, with `cause` defined as the constructor would do it. */
export function withCause<E extends Error>(error: E, cause: unknown): E {
  return Object.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true });
}
