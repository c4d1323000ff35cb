// Processes that are connected by streams over messages in memory, in a time that the test moves on.

import { FleetStreams, type StreamPeer } from '../../../lib/fleet/fleet-streams.js';
import { MOST_HEAD_BYTES, readMessage, writeHead } from '../../../lib/fleet/stream-message.js';
import type { Connection, ConnectionHandlers, DirectListener } from '../../../lib/transport/direct.js';
import { UnitClock } from '../clocks/unit-clock.js';
import { type HubEnd, type HubMessage, type HubOptions, MessageHub } from './memory-messages.js';

/** One end of a connection, and what it reported. */
export class StreamEnd {
  connection!: Connection;
  readonly chunks: Buffer[] = [];
  readonly closes: string[] = [];
  drains = 0;
  onData: () => void = () => {};
  onDrained: () => void = () => {};

  readonly handlers: ConnectionHandlers = {
    data: chunk => {
      this.chunks.push(Buffer.from(chunk));
      this.onData();
    },
    drained: () => {
      this.drains++;
      this.onDrained();
    },
    closed: problem => void this.closes.push(problem?.message ?? ''),
  };

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  write(...parts: (string | Uint8Array)[]): boolean {
    return this.connection.write(parts.map(part => Buffer.from(part)));
  }
}

export class StreamProcess {
  readonly streams: FleetStreams;
  end: HubEnd;
  readonly peers: StreamPeer[] = [];
  /** The processes whose members have ended their streams. */
  readonly left: string[] = [];
  readonly accepted: StreamEnd[] = [];
  readonly addresses: string[] = [];
  mayConnect: () => boolean = () => true;
  onAccept: (end: StreamEnd) => void = () => {};

  constructor(
    readonly world: StreamWorld,
    readonly self: StreamPeer,
  ) {
    this.end = world.hub.connect();
    this.streams = new FleetStreams({
      clock: world.clock,
      self,
      mayConnect: peer => {
        this.peers.push(peer);
        return this.mayConnect();
      },
      left: ({ process }) => void this.left.push(process),
    });
  }

  up(): void {
    this.streams.up(this.end);
  }

  listen(): DirectListener {
    return this.streams.listen({
      listening: address => void this.addresses.push(address),
      failed() {},
      accept: connection => {
        const end = new StreamEnd();
        end.connection = connection;
        this.accepted.push(end);
        this.onAccept(end);
        return end.handlers;
      },
    });
  }

  connect(address: string): StreamEnd {
    const end = new StreamEnd();
    end.connection = this.streams.connect(address, end.handlers);
    return end;
  }
}

export class StreamWorld {
  readonly clock = new UnitClock();
  readonly hub: MessageHub;

  constructor(options: Omit<HubOptions, 'clock'> = {}) {
    this.hub = new MessageHub({ clock: this.clock, ...options });
  }

  /** A process that is connected to the engine. */
  start(process: string): StreamProcess {
    const started = new StreamProcess(this, {
      process,
      host: `host of ${process}`,
      hostTerm: 3,
      member: this.hub.ends.size + 7,
    });
    started.up();
    return started;
  }

  /** Two processes, of which one listens. */
  pair(): { here: StreamProcess; there: StreamProcess; address: string } {
    const [here, there] = [this.start('here'), this.start('there')];
    there.listen();
    this.clock.turn();
    return { here, there, address: there.addresses[0]! };
  }

  /** Both ends of an open connection. */
  open() {
    const { here, there, address } = this.pair();
    const near = here.connect(address);
    this.clock.turn();
    return { here, there, address, near, far: there.accepted[0]! };
  }

  /** Sends a message as some other process would. */
  forge(to: string, { body = '', ...head }: Partial<Head> & { body?: string | Uint8Array }): void {
    const room = Buffer.alloc(MOST_HEAD_BYTES);
    const start = writeHead(room, { type: 2, number: 0, grant: 0, from: 'forger.1', ...head });
    this.hub.send({ to, content: Buffer.concat([room.subarray(0, start), Buffer.from(body)]), unheard: undefined });
  }

  /** What was sent, readable. */
  get sent(): string[] {
    return this.hub.sent.map(show);
  }
}

type Head = Parameters<typeof writeHead>[1];

const TYPES = ['unknown', 'open', 'data', 'end', 'reset'];

function show({ content }: HubMessage): string {
  const { type, number, body } = readMessage(content)!;
  return `${TYPES[type]} ${type === 4 ? body : `${number}: ${body.length}`}`;
}
