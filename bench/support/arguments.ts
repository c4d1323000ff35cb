// What all benches do with their arguments: one sentence where they are wrong.

/** Ends the program with its message alone. */
export class BadArgument extends Error {}

export function positiveInteger(option: string, given: string): number {
  const number = Number(given);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new BadArgument(`--${option} must be a whole number above 0, but it is ${JSON.stringify(given)}.`);
}

export function oneOf<T extends string>(option: string, allowed: readonly T[], given: string): T {
  const found = allowed.find(value => value === given);
  if (found !== undefined) return found;
  throw new BadArgument(`--${option} must be one of ${allowed.join(', ')}, but it is ${JSON.stringify(given)}.`);
}

/** Calls `parse`, and makes the errors of `node:util` parseArgs a {@link BadArgument}. */
export function refusingUnknown<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof TypeError) throw new BadArgument(error.message);
    throw error;
  }
}
