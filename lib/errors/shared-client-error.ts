// The one error class and its codes.

/**
 * What is known about a call that ended with a {@link SharedClientError}. After `'not-started'` it is safe to call again.
 */
export type Outcome = 'not-started' | 'unknown';

/** Every code a {@link SharedClientError} can have, with the reason for it. */
export const ERROR_CODES = {
  ERR_INVALID_OPTION: 'An option or argument is wrong, or differs from what this process already uses under that name.',
  ERR_NO_PRIMARY: 'The primary of this cluster has not answered: it never called setupPrimary(), or is stalled.',
  ERR_PRIMARY_LOST: 'The channel to the primary closed.',
  ERR_LEADER_LOST: 'The leader died, hung or stepped down while the call was in its hands.',
  ERR_LEADER_FAILED: 'The real client could not be opened.',
  ERR_TIMEOUT: 'The deadline passed.',
  ERR_UNKNOWN_METHOD: 'The real client has no such public method.',
  ERR_NOT_SERIALIZABLE: 'A value cannot travel between processes without losing its meaning.',
  ERR_OVERLOADED: 'Too much is waiting for a process that does not read.',
  ERR_CLOSED: 'The client or the primary was closed.',
  ERR_PROTOCOL: 'Two versions of the library have no protocol in common, or a frame was broken.',
} as const;

/** One of the codes of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

const BRAND = Symbol.for('cluster-shared-client.error');

/**
 * The only error class of this library; test `code`, not the text.
 * `instanceof` is true for an error of another copy of the library too.
 */
export class SharedClientError extends Error {
  /** The reason; see {@link ERROR_CODES}. */
  readonly code: ErrorCode;
  /** Set if a call ended with this error: whether the real client may have run it. */
  declare readonly outcome?: Outcome;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; outcome?: Outcome } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    if (options.outcome) this.outcome = options.outcome;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}
Object.defineProperty(SharedClientError.prototype, 'name', {
  value: 'SharedClientError',
  configurable: true,
  writable: true,
});
Object.defineProperty(SharedClientError.prototype, BRAND, { value: true });
