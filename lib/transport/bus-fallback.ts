// The direct route where data may go over the bus: by a socket, and where a leader can't be reached by one, over the bus.

import { backoffMs } from '../utils/backoff.js';
import { type Clock, systemClock, type Timer } from '../utils/clock.js';
import { readBusAddress, writeBusAddress } from './bus-address.js';
import type { Connection, ConnectionHandlers, DirectListener, DirectTransport, ListenerHandlers } from './direct.js';

export interface BusFallbackParts {
  readonly clock?: Clock;
  readonly sockets: DirectTransport;
  readonly streams: DirectTransport;
  /** Data goes over the bus, and why. */
  onBus(why: string): void;
}

/** Of so many sockets it is known that they can't be reached: those of leaders that died are among them. */
const MOST_KNOWN = 100;

export function createBusFallback({ clock = systemClock, sockets, streams, onBus }: BusFallbackParts): DirectTransport {
  /** Sockets that didn't answer, and why. */
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
    let tell: typeof onBus | undefined = onBus;
    return streams.connect(bus, {
      ...handlers,
      data: chunk => {
        tell?.(why);
        tell = undefined;
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

/** Where there is no socket, the bus alone is told of, until there is one. */
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
  const tell = () => {
    if (bus !== undefined && socket) handlers.listening(writeBusAddress({ bus, socket: socket.path }));
  };
  const onBus = streams.listen({
    ...handlers,
    listening: address => {
      bus = address;
      tell();
    },
  });
  const listen = (): DirectListener =>
    sockets.listen({
      ...handlers,
      listening: path => {
        failures = 0;
        socket = { path };
        tell();
      },
      failed: () => {
        onSocket.close();
        retry = clock.setTimer(listenAgain, backoffMs(++failures));
        if (socket && socket.path === undefined) return;
        socket = {};
        tell();
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
