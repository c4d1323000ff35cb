// The names that every handle has for itself, and when a real client's method of such a name is out of reach.

/** All names that a handle itself has. The real client's own method of such a name is reached by `invoke()`, or by its role. */
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

/** Names under which the handle does what the real client's own method is for; `upstream` stands in for `on`, `once`, `off`. */
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

/** Those of the real client's method names that the handle takes for something else, each worth a `warning`. */
export function clashingNames(methods: Iterable<string>): ReservedName[] {
  const names = new Set(methods);
  return RESERVED_NAMES.filter(name => names.has(name) && !STANDING_IN.includes(name));
}
