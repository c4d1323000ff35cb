// What a process-ring test and its fixtures say to each other. It has a socket of its own, because the channel of the
// cluster carries what is tested, and dies with the primary.

/** The environment variable that holds the path of the test's socket. */
export const WIRE = 'CSC_TEST_WIRE';

/** That of the file in which a process writes, at the last moment, what it exits with. */
export const JOURNAL = 'CSC_TEST_JOURNAL';

/** That of the upstream's address. */
export const UPSTREAM = 'CSC_TEST_UPSTREAM';

/** What a fixture says first; worker 0 is the primary. */
export interface Hello {
  readonly workerId: number;
  readonly pid: number;
}

/** test -> fixture */
export interface Ask {
  readonly ask: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** fixture -> test */
export type FromFixture =
  | { readonly hello: Hello }
  | { readonly event: Stamped<object> }
  | { readonly answer: number; readonly value?: unknown; readonly error?: Failure };

/** A line of the journal. */
export interface LastWord {
  readonly pid: number;
  readonly code: number;
}

/** An event, and when it was told, in ms of the host's monotonic clock. */
export type Stamped<E> = E & { readonly at: number };

/** An error, as a test wants to see it. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly outcome?: string;
  readonly cause?: string;
}

/** How a call ended. */
export interface Ended {
  readonly value?: unknown;
  readonly error?: Failure;
}

/** In ms, the same in every process of the host. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

export function failure(thrown: unknown): Failure {
  const { name, message, code, outcome, cause } = thrown as Error & Partial<Failure>;
  return { name, message, code, outcome, ...(cause !== undefined && { cause: String(cause) }) };
}

/** Never rejects. */
export async function settle(promise: PromiseLike<unknown>): Promise<Ended> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error: failure(error) };
  }
}
