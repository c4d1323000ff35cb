// Uses one connection per process, for any number of groups: `connect` returns a channel of it, and `accept` receives
// channels.

import type {
  Connection,
  ConnectionHandlers,
  DirectListener,
  DirectTransport,
  ListenerHandlers,
} from '../../transport/direct.js';
import type { Clock } from '../../utils/clock.js';
import { SharedConnection } from './shared-connection.js';

/** A peer that has no channel for this long after connecting is not a valid one. */
const UNUSED_MS = 5000;

/** Maximum number of accepted connections before one without a channel, the oldest, is closed. */
const MOST_UNUSED = 1024;

export function shareConnections(transport: DirectTransport, clock: Clock): DirectTransport {
  /** Connections opened here, by address. */
  const made = new Map<string, SharedConnection>();

  const connect = (address: string, handlers: ConnectionHandlers): Connection => {
    const shared: SharedConnection = new SharedConnection({ clock, closed: () => void made.delete(address) });
    made.set(address, shared);
    const channel = shared.open(handlers);
    shared.use(transport.connect(address, shared.events));
    return channel;
  };

  return {
    listen: handlers => listen(transport, clock, handlers),
    connect: (address, handlers) => made.get(address)?.open(handlers) ?? connect(address, handlers),
    remove: address => transport.remove(address),
  };
}

function listen(transport: DirectTransport, clock: Clock, handlers: ListenerHandlers): DirectListener {
  const all = new Set<SharedConnection>();
  let isOpen = true;
  const listener = transport.listen({
    ...handlers,
    accept: connection => {
      const shared: SharedConnection = new SharedConnection({
        clock,
        unusedMs: UNUSED_MS,
        accept: channel => (isOpen ? handlers.accept(channel) : undefined),
        closed: () => void all.delete(shared),
      });
      all.add(shared.use(connection));
      if (all.size > MOST_UNUSED) [...all].find(({ hasChannels }) => !hasChannels)?.destroy();
      return shared.events;
    },
  });
  return {
    close: () => {
      isOpen = false;
      listener.close();
    },
  };
}
