// Messages that Node emits only as 'internalMessage', so that the app's 'message' listeners do not receive them.

/**
 * Node emits a message whose `cmd` starts with `NODE_` as 'internalMessage', in order with all other messages (`isInternal`
 * in its lib/internal/child_process.js). Its own listeners ignore an unknown `cmd`. The prefix is reserved for Node. If Node
 * ever uses this name, drops such messages, or emits them as 'message', a worker's hello gets no answer this way, and both
 * sides keep using 'message'; see `Link` and `RoutedWorker`.
 */
const CMD = 'NODE_CSC';

/** The message on the channel. */
interface InternalMessage {
  readonly cmd: typeof CMD;
  readonly m: object;
}

export const toInternal = (message: object): InternalMessage => ({ cmd: CMD, m: message });

/** @returns the contained message; `undefined` if it is not one of this library */
export function fromInternal(message: unknown): unknown {
  const { cmd, m } = (message ?? {}) as { readonly cmd?: unknown; readonly m?: unknown };
  return cmd === CMD ? m : undefined;
}
