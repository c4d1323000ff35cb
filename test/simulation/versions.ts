// Workers of a release that is not there yet: they also speak a protocol that their primary doesn't know, so both have to
// use the one that they have in common.

import { MARKER, PROTOCOL_VERSIONS } from '../../lib/protocol/messages.js';
import type { WorkerEnd } from '../../lib/transport/transport.js';

const NEWEST = PROTOCOL_VERSIONS[0]!;
const LATER = NEWEST + 1;

type Message = { readonly [MARKER]?: number; readonly c?: readonly { readonly k: string }[] };

/** The same end in a process with the later release. @param unknown told of a message in another version than the common one */
export function ofLaterRelease(end: WorkerEnd, unknown: (version: number) => void): WorkerEnd {
  const check = (message: unknown) => {
    const version = (message as Message)[MARKER];
    if (version !== undefined && version !== NEWEST) unknown(version);
  };
  return {
    ...end,
    listen: handlers =>
      end.listen({
        ...handlers,
        message(message, via) {
          check(message);
          handlers.message(message, via);
        },
      }),
    send(message, written, via) {
      const { c = [] } = message as Message;
      const isHello = c.some(({ k }) => k === 'hello');
      if (!isHello) check(message);
      end.send(isHello ? inLater(message, c) : message, written, via);
    },
  };
}

const inLater = (message: object, c: readonly object[]): object => ({
  ...message,
  [MARKER]: LATER,
  c: c.map(frame => ({ ...frame, versions: [LATER, ...PROTOCOL_VERSIONS] })),
});
