// The names that every handle has for itself, and which of them hide a method of the real client.

/**
 * All names that a handle itself has. The real client's own method of such a name is called by `invoke()`, or by its role.
 */
export const RESERVED_NAMES = Object.freeze([
  'ready',
  'close',
  'resign',
  'transfer',
  'isLeader',
  'leader',
  'term',
  'status',
  'subscribe',
  'unsubscribe',
  'publish',
  'unpublish',
  'invoke',
  'with',
  'on',
  'once',
  'off',
  'upstream',
] as const);

/** One of {@link RESERVED_NAMES}. */
export type ReservedName = (typeof RESERVED_NAMES)[number];

/** Names under which the handle does what the real client's own method does. `upstream` replaces `on`, `once` and `off`. */
const STANDING_IN: readonly ReservedName[] = [
  'ready',
  'close',
  'subscribe',
  'unsubscribe',
  'publish',
  'unpublish',
  'on',
  'once',
  'off',
];

/** The real client's method names that have another meaning on the handle. Each causes a `warning`. */
export function clashingNames(methods: Iterable<string>): ReservedName[] {
  const names = new Set(methods);
  return RESERVED_NAMES.filter(name => names.has(name) && !STANDING_IN.includes(name));
}
