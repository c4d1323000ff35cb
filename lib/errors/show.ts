// How values that an app gave are shown in the texts of errors and warnings.

/** Keeps a text that somebody else wrote from filling one of ours. */
export const cut = (text: string): string => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);

const MOST_SHOWN = 60;

/** A name that somebody gave, such as that of a group or an option, short and on one line. */
export const quote = (name: unknown): string => (typeof name === 'string' ? JSON.stringify(cut(name)) : show(name));

/**
 * Says what came in place of something else, for the text of an error. Numbers and the like are shown; of texts and
 * objects only what they are, because anything may be a secret: a URL has a password in it.
 */
export function show(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty string' : `a string of ${value.length} characters`;
  if (typeof value === 'function') return value.name ? `function ${cut(value.name)}` : 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  if (typeof value === 'bigint' || typeof value === 'symbol') return `a ${typeof value}`;
  return String(value);
}

/** What was thrown, which may be anything, for a line that people read. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    // An object without a prototype, or whose own toString() throws.
    return show(thrown);
  }
}
