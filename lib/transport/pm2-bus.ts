// PM2's own bus: sends by `process.send`, receives from the socket on which the daemon publishes everything to its
// subscribers. Foreign messages are skipped without parsing. This file knows the required message formats: some messages
// crash the daemon.

import { connect, type Socket } from 'node:net';
import type { Clock, Timer } from '../utils/clock.js';
import { AmpReader } from './amp.js';
import type { Bus, BusHandlers, BusProcess, BusSelf } from './bus.js';
import { isOf, listPm2Processes } from './pm2-list.js';
import { type Pm2Place, processName } from './pm2-place.js';
import type { WorkerEnd } from './transport.js';

const FIRST_RETRY_MS = 50;
const MOST_RETRY_MS = 1000;

/** The topic of process events, and the text of an exit event: near its start under PM2 7, near its end under 5 and 6. */
const EVENTS = Buffer.from('s:process:event');
const EXIT = Buffer.from('"event":"exit"');

export interface Pm2BusParts {
  readonly place: Pm2Place;
  /** The channel to the daemon. */
  readonly up: WorkerEnd;
  readonly clock: Clock;
}

/** A packet as published by the daemon. The daemon itself sets `process`, so it can be trusted. */
interface Published {
  readonly at: number;
  readonly data?: { readonly csc?: unknown; readonly of?: unknown };
  readonly process: { readonly pm_id?: unknown; readonly name?: unknown; readonly namespace?: unknown };
}

interface ProcessEvent {
  readonly event: unknown;
  readonly at: number;
  readonly process: {
    readonly pm_id?: unknown;
    readonly pm_uptime?: unknown;
    readonly name?: unknown;
    readonly namespace?: unknown;
  };
}

export class Pm2Bus implements Bus {
  readonly self: BusSelf;
  readonly #place: Pm2Place;
  readonly #up: WorkerEnd;
  readonly #clock: Clock;
  readonly #toAll: Buffer;
  readonly #toUs: Buffer;
  #handlers: BusHandlers | undefined;
  #socket: Socket | undefined;
  #retry: Timer | undefined;
  #retryMs = FIRST_RETRY_MS;

  constructor({ place, up, clock }: Pm2BusParts) {
    this.#place = place;
    this.#up = up;
    this.#clock = clock;
    this.self = { ...up.self, process: place.process };
    this.#toAll = Buffer.from(`s:${place.channel}`);
    this.#toUs = Buffer.from(`s:${channelTo(place, place.process)}`);
  }

  listen(handlers: BusHandlers): void {
    this.#handlers = handlers;
    this.#up.listen({
      // Messages of other apps are ignored. Only the daemon sends this one.
      message: message => {
        if (message === 'shutdown') handlers.stopping();
      },
      closed: event => {
        this.#end();
        handlers.closed(event);
      },
    });
    this.#connect();
  }

  /**
   * `null`, or a type that is not a string, would crash the daemon, so both are fixed here. The daemon forwards an object
   * that contains a string at a third of the cost of the same object.
   */
  send(message: object, written: () => void, to?: string): void {
    const type = to === undefined ? this.#place.channel : channelTo(this.#place, to);
    this.#up.send({ type, data: { csc: JSON.stringify(message), of: this.#place.process } }, written);
  }

  listProcesses(): Promise<readonly BusProcess[] | undefined> {
    return listPm2Processes(this.#place, this.#clock);
  }

  close(): void {
    this.#end();
    this.#up.close();
  }

  #end(): void {
    this.#handlers = undefined;
    this.#retry?.clear();
    this.#socket?.destroy();
  }

  #connect(): void {
    const reader = new AmpReader(args => this.#frame(args));
    let problem: Error | undefined;
    const socket = connect(this.#place.pubSocket);
    this.#socket = socket.unref();
    socket.on('connect', () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.#handlers?.opened();
    });
    socket.on('data', chunk => reader.push(chunk));
    socket.on('error', error => {
      problem = error;
    });
    socket.on('close', () => this.#broken(problem));
  }

  #broken(problem: Error | undefined): void {
    const handlers = this.#handlers;
    if (!handlers) return;
    this.#retry = this.#clock.setTimer(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, MOST_RETRY_MS);
    handlers.broken(problem);
  }

  #frame([event, packet]: readonly Buffer[]): void {
    if (!event || !packet) return;
    if (event.equals(this.#toAll) || event.equals(this.#toUs)) this.#message(packet);
    else if (event.equals(EVENTS) && packet.includes(EXIT)) this.#exit(packet);
  }

  #message(packet: Buffer): void {
    const published = parse<Published>(packet);
    if (
      !published ||
      !isOf(this.#place, published.process) ||
      typeof published.data?.csc !== 'string' ||
      !Number.isFinite(published.at)
    )
      return;
    if (!isSentBy(published.process.pm_id, published.data.of)) return;
    const message = parseText(published.data.csc);
    if (message !== undefined) this.#handlers?.message(message, published.at);
  }

  /** The event contains the environment of the process: none of that is kept. */
  #exit(packet: Buffer): void {
    const event = parse<ProcessEvent>(packet);
    if (event?.event !== 'exit' || !isOf(this.#place, event.process) || !Number.isFinite(event.at)) return;
    this.#handlers?.exited(processName(event.process.pm_id, event.process.pm_uptime), event.at);
  }
}

/**
 * Whether the claimed sender is the worker from which the daemon received it: an app may forward what it reads on the bus.
 */
const isSentBy = (id: unknown, process: unknown): boolean =>
  typeof process === 'string' && process.startsWith(processName(id, ''));

const channelTo = ({ channel }: Pm2Place, process: string): string => `${channel}-${process.replace(':', '-')}`;

/** Parses what follows the two characters of the type. */
function parse<T extends { process: object }>(packet: Buffer): T | undefined {
  const value = parseText(packet.toString('utf8', 2)) as T | undefined;
  return typeof value?.process === 'object' && value.process !== null ? value : undefined;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
