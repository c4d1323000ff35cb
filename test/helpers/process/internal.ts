// A Node on which the internal way doesn't work, in one of the ways in which that could be.

import type { EventEmitter } from 'node:events';

/** The environment variable that holds the {@link InternalFailure}. */
export const INTERNAL = 'CSC_TEST_INTERNAL';

/** Messages are lost on their way to the workers, or to the primary, or Node emits them as 'message'. */
export type InternalFailure = 'down' | 'up' | 'public';

/** In the primary a worker's process, in a worker its own. */
export function failInternal(process: EventEmitter, direction: 'down' | 'up', failure: InternalFailure): void {
  const emit = process.emit.bind(process) as (event: string, ...args: unknown[]) => boolean;
  process.emit = (event: string, ...args: unknown[]): boolean => {
    const [message] = args as [{ cmd?: unknown } | null];
    if (event !== 'internalMessage' || message?.cmd !== 'NODE_CSC') return emit(event, ...args);
    if (failure === 'public') return emit('message', ...args);
    return failure === direction ? false : emit(event, ...args);
  };
}
