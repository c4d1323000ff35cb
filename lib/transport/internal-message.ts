// Messages in the form that Node hands to 'internalMessage' alone, so that the app's own 'message' listeners don't get them.

/**
 * Node emits a message whose `cmd` begins with `NODE_` as 'internalMessage', in the same order as all others
 * (`isInternal` in its lib/internal/child_process.js), and its own listeners pass over each `cmd` that they don't know.
 * Node reserves the prefix. Should it ever use this name, drop such messages, or emit them as 'message', then a worker's
 * greeting isn't answered by this way, and both sides stay on 'message'; see `Link` and `RoutedWorker`.
 */
const CMD = 'NODE_CSC';

/** What crosses the channel. */
interface InternalMessage {
  readonly cmd: typeof CMD;
  readonly m: object;
}

export const toInternal = (message: object): InternalMessage => ({ cmd: CMD, m: message });

/** @returns what is in it; `undefined` where the message is somebody else's */
export function fromInternal(message: unknown): unknown {
  const { cmd, m } = (message ?? {}) as { readonly cmd?: unknown; readonly m?: unknown };
  return cmd === CMD ? m : undefined;
}
