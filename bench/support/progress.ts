// One line that says how far a bench is: rewritten in place on a terminal, and in a file or pipe only what is done.

import logUpdate from 'log-update';

const terminal = process.stdout.isTTY === true;

/** What runs just now; shown on a terminal only. */
export function now(text: string): void {
  if (terminal) logUpdate(text);
}

/** What is done; stays. */
export function done(text: string): void {
  if (terminal) logUpdate.clear();
  console.log(text);
}

export function end(): void {
  if (terminal) logUpdate.clear();
}
