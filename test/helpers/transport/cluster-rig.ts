// The contract's rig over real processes: a primary of its own for each test, which forks the workers.

import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PrimaryCommand } from '../../fixtures/transport-primary.js';
import type { WorkerCommand } from '../../fixtures/transport-worker.js';
import type { EndEvent } from './actor.js';
import type { Rig, RigWorker } from './contract.js';
import { CONTROL, type Hello, readLines, writeLine } from './control.js';
import { PeerState } from './party.js';

const PRIMARY = new URL('../../fixtures/transport-primary.js', import.meta.url);

/** A primary and workers as processes of their own, joined by `node:cluster`. */
export async function buildClusterRig(serialization: 'advanced' | 'json'): Promise<ClusterRig> {
  const rig = new ClusterRig(serialization);
  await rig.arrival(0);
  return rig;
}

type Line = { hello: Hello } | { event: EndEvent } | { id: number; result: unknown };

/** A process of the rig; worker 0 is the primary. */
export class ProcessParty extends PeerState implements RigWorker {
  workerId = -1;
  pid = -1;
  readonly hello: Promise<void>;
  readonly #socket: Socket;
  readonly #answers = new Map<number, (result: unknown) => void>();
  readonly #closed: Promise<void>;
  #asked = 0;

  constructor(socket: Socket) {
    super(command => this.ask(command));
    this.#socket = socket;
    this.#closed = new Promise(resolve => socket.once('close', () => resolve()));
    this.hello = new Promise(resolve => {
      readLines(socket, (line: Line) => this.#read(line, resolve));
    });
  }

  ask(command: PrimaryCommand | WorkerCommand): Promise<unknown> {
    writeLine(this.#socket, { id: ++this.#asked, command });
    return new Promise(resolve => this.#answers.set(this.#asked, resolve));
  }

  kill = () => this.#signal('SIGKILL');
  freeze = () => this.#signal('SIGSTOP');
  thaw = () => this.#signal('SIGCONT');
  disconnect = () => void this.ask({ do: 'disconnect' });
  exit = () => void this.ask({ do: 'exit' });
  ended = () => this.#closed;

  #read(line: Line, joined: () => void): void {
    if ('event' in line) {
      this.push(line.event);
    } else if ('id' in line) {
      this.#answers.get(line.id)?.(line.result);
    } else {
      Object.assign(this, line.hello);
      joined();
    }
  }

  #signal(name: NodeJS.Signals): void {
    try {
      if (!this.#socket.closed) process.kill(this.pid, name);
    } catch {
      // It died, and its socket has not told us yet.
    }
  }
}

interface Arrival {
  readonly promise: Promise<ProcessParty>;
  readonly resolve: (party: ProcessParty) => void;
}

/** See {@link buildClusterRig}. */
export class ClusterRig implements Rig {
  readonly #directory = mkdtempSync(join(tmpdir(), 'csc-'));
  readonly #server: Server;
  readonly #process: ChildProcess;
  readonly #arrivals = new Map<number, Arrival>();
  readonly #parties: ProcessParty[] = [];

  constructor(serialization: string) {
    const path = join(this.#directory, 'control');
    this.#server = createServer(socket => this.#greet(new ProcessParty(socket))).listen(path);
    this.#process = fork(PRIMARY, [serialization], { env: { ...process.env, [CONTROL]: path }, execArgv: [] });
  }

  get primary(): ProcessParty {
    return this.#parties.find(party => party.workerId === 0)!;
  }

  /** Resolves when the process with this worker id is there. */
  arrival(workerId: number): Promise<ProcessParty> {
    return this.#arriving(workerId).promise;
  }

  async fork(): Promise<ProcessParty> {
    const worker = await this.arrival((await this.primary.ask({ do: 'fork' })) as number);
    await worker.do({ do: 'listen' });
    return worker;
  }

  async primaryKnows({ workerId }: RigWorker, what: 'closed' | 'exited'): Promise<void> {
    await this.primary.ask({ do: 'knows', workerId, what });
  }

  killPrimary(): void {
    this.primary.kill();
  }

  async close(): Promise<void> {
    for (const party of this.#parties) party.kill();
    await Promise.all(this.#parties.map(party => party.ended()));
    this.#process.kill('SIGKILL');
    this.#server.close();
    rmSync(this.#directory, { recursive: true });
  }

  async #greet(party: ProcessParty): Promise<void> {
    await party.hello;
    this.#parties.push(party);
    this.#arriving(party.workerId).resolve(party);
  }

  #arriving(workerId: number) {
    const arrival = this.#arrivals.get(workerId) ?? createArrival();
    this.#arrivals.set(workerId, arrival);
    return arrival;
  }
}

function createArrival(): Arrival {
  let resolve = (_: ProcessParty) => {};
  const promise = new Promise<ProcessParty>(settle => {
    resolve = settle;
  });
  return { promise, resolve };
}
