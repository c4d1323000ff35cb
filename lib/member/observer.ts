// What a member tells those who use it.

/** What a handle hears of its member. None of it may throw. */
export interface MemberObserver {
  /** It asks for nothing any more, and waits for what it asked for to end. */
  readonly isClosed: boolean;
  leader(event: { readonly term: number }): void;
  follower(event: { readonly term: number }): void;
  error(error: unknown): void;
  warning(message: string): void;
  /** An event of the real client; `copy` makes arguments for each listener. */
  upstream(event: string, copy: () => unknown[]): void;
  methods(names: readonly string[]): void;
}
