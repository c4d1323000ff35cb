// Single mode: caller and real client are in one process, and share arguments, results and errors as the same objects. What
// travels through the core is a number.

/** A call, or a publication. */
export interface LocalCall {
  readonly args: readonly unknown[];
  results?: readonly unknown[];
  /** What the method threw, or rejected with. */
  error?: { readonly value: unknown };
}

const calls = new Map<number, LocalCall>();
let lastNumber = 0;

/** @returns its number, until {@link releaseCall} */
export function holdCall(call: LocalCall): number {
  calls.set(++lastNumber, call);
  return lastNumber;
}

export function releaseCall(number: number | undefined): void {
  calls.delete(number!);
}

/** Runs the method of a call, and keeps its results or its error for the caller. */
export async function runHeld(
  number: unknown,
  run: (args: unknown[], pack: (results: unknown[]) => unknown) => unknown,
): Promise<unknown> {
  const call = calls.get(number as number);
  if (!call) return undefined; // the caller has given up
  const pack = (results: unknown[]) => {
    call.results = results;
    return shown(results);
  };
  try {
    return await run([...call.args], pack);
  } catch (error) {
    call.error = { value: error };
    throw error;
  }
}

/** What traces of calls show of the results: a primitive one. */
const shown = ([first]: unknown[]): unknown =>
  typeof first === 'object' || typeof first === 'function' || typeof first === 'symbol' ? undefined : first;
