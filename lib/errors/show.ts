// Shows values from the app in the texts of errors and warnings.

/** Shortens a text that comes from the app. */
export const cut = (text: string): string => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);

const MOST_SHOWN = 60;

/** A name from the app, such as that of a group or an option, short and on one line. */
export const quote = (name: unknown): string => (typeof name === 'string' ? JSON.stringify(cut(name)) : show(name));

/**
 * Describes a wrong value in the text of an error. Numbers and other simple values are shown. For texts and objects only
 * the kind is shown, because they may contain a secret, such as a URL with a password.
 */
export function show(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty string' : `a string of ${value.length} characters`;
  if (typeof value === 'function') return value.name ? `function ${cut(value.name)}` : 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  if (typeof value === 'bigint' || typeof value === 'symbol') return `a ${typeof value}`;
  return String(value);
}

/** Anything that was thrown, as text. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    // An object without a prototype, or whose own toString() throws.
    return show(thrown);
  }
}
