// The direct route if data may use the bus: it uses a socket, or the bus if the leader cannot be reached by a socket.

import { backoffMs } from '../utils/backoff.js';
import { type Clock, systemClock, type Timer } from '../utils/clock.js';
import { readBusAddress, writeBusAddress } from './bus-address.js';
import type { Connection, ConnectionHandlers, DirectListener, DirectTransport, ListenerHandlers } from './direct.js';

export interface BusFallbackParts {
  readonly clock?: Clock;
  readonly sockets: DirectTransport;
  readonly streams: DirectTransport;
  /** Data uses the bus; `why` is the reason. */
  onBus(why: string): void;
}

/** Maximum number of remembered unreachable sockets. Those of dead leaders are among them. */
const MOST_KNOWN = 100;

export function createBusFallback({ clock = systemClock, sockets, streams, onBus }: BusFallbackParts): DirectTransport {
  /** Sockets that did not answer, and why. */
  const failed = new Map<string, string>();

  const bySocket = (socket: string, handlers: ConnectionHandlers): Connection => {
    let hasAnswered = false;
    return sockets.connect(socket, {
      ...handlers,
      data: chunk => {
        hasAnswered = true;
        handlers.data(chunk);
      },
      closed: problem => {
        if (failed.size >= MOST_KNOWN) failed.clear();
        if (!hasAnswered) failed.set(socket, problem?.message ?? 'it closed the connection');
        handlers.closed(problem);
      },
    });
  };

  const byBus = (bus: string, why: string, handlers: ConnectionHandlers): Connection => {
    let report: typeof onBus | undefined = onBus;
    return streams.connect(bus, {
      ...handlers,
      data: chunk => {
        report?.(why);
        report = undefined;
        handlers.data(chunk);
      },
    });
  };

  return {
    listen: handlers => listenOnBoth(clock, sockets, streams, handlers),
    connect: (address, handlers) => {
      const { socket, bus } = readBusAddress(address);
      if (socket !== undefined && (bus === undefined || !failed.has(socket))) return bySocket(socket, handlers);
      const why = socket === undefined ? 'the leader has no socket' : failed.get(socket)!;
      return byBus(bus ?? '', why, handlers);
    },
    remove: address => sockets.remove(readBusAddress(address).socket ?? ''),
  };
}

/** Without a socket, offers only the bus until there is one. */
function listenOnBoth(
  clock: Clock,
  sockets: DirectTransport,
  streams: DirectTransport,
  handlers: ListenerHandlers,
): DirectListener {
  let bus: string | undefined;
  let socket: { readonly path?: string } | undefined;
  let failures = 0;
  let retry: Timer | undefined;
  const report = () => {
    if (bus !== undefined && socket) handlers.listening(writeBusAddress({ bus, socket: socket.path }));
  };
  const onBus = streams.listen({
    ...handlers,
    listening: address => {
      bus = address;
      report();
    },
  });
  const listen = (): DirectListener =>
    sockets.listen({
      ...handlers,
      listening: path => {
        failures = 0;
        socket = { path };
        report();
      },
      failed: () => {
        onSocket.close();
        retry = clock.setTimer(listenAgain, backoffMs(++failures));
        if (socket && socket.path === undefined) return;
        socket = {};
        report();
      },
      lost: () => {
        onSocket.close();
        listenAgain();
      },
    });
  let onSocket = listen();
  const listenAgain = () => {
    onSocket = listen();
  };
  return {
    close: () => {
      retry?.clear();
      onBus.close();
      onSocket.close();
    },
  };
}
