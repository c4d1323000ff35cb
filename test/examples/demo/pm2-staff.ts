// The workers of a half under a PM2 of the demo's own, which starts a new one when one is killed.

import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readLines, writeLine } from '../../helpers/upstream/lines.js';
import type { Counts, Leads, Order, Report, Task } from './messages.js';
import type { Crew } from './staff.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));
const PM2 = join(createRequire(import.meta.url).resolve('pm2/package.json'), '../bin/pm2');

interface Member {
  readonly socket: Socket;
  report?: Report;
}

export class Pm2Staff implements Crew {
  /** `appointed` and `ready`, as a primary would tell. */
  readonly events = new EventEmitter();
  readonly #task: Task;
  readonly #stop: AbortController;
  readonly #home = mkdtempSync(join(tmpdir(), 'cscd-'));
  readonly #wire = join(this.#home, 'wire');
  readonly #members = new Set<Member>();
  /** What those said last that are gone. */
  readonly #past: Counts[] = [];
  readonly #changes = new EventEmitter();
  readonly #server = createServer(socket => this.#meet(socket));
  #expected = 0;

  constructor(task: Task, stop: AbortController) {
    this.#task = { ...task, wire: this.#wire };
    this.#stop = stop;
    this.#server.listen(this.#wire);
  }

  async hire(instances: number): Promise<void> {
    this.#expected = instances;
    const env = { DEMO_TASK: JSON.stringify(this.#task) };
    // The demo kills faster than an app that is well dies, and what it stops has nothing left to say.
    const often = { max_restarts: 1000, min_uptime: 100, kill_timeout: 100 };
    const app = { name: 'demo', script: WORKER, exec_mode: 'cluster', instances, env, ...often };
    const file = join(this.#home, 'ecosystem.json');
    writeFileSync(file, JSON.stringify({ apps: [app] }));
    await this.#pm2('start', file);
  }

  async until(demo: Report['demo']): Promise<void> {
    const { signal } = this.#stop;
    const isSo = () =>
      this.#members.size === this.#expected && [...this.#members].every(({ report }) => report?.demo === demo);
    while (!isSo()) await once(this.#changes, 'change', { signal });
  }

  tell(order: Order): void {
    for (const { socket } of this.#members) writeLine(socket, order);
  }

  tellOne(order: Order): void {
    const [first] = this.#members;
    if (first) writeLine(first.socket, order);
  }

  get size(): number {
    return this.#members.size;
  }

  get counts(): readonly Counts[] {
    return [...this.#past, ...[...this.#members].flatMap(({ report }) => report?.counts ?? [])];
  }

  async close(): Promise<void> {
    await this.#pm2('kill');
    this.#server.close();
    rmSync(this.#home, { recursive: true, force: true });
  }

  #meet(socket: Socket): void {
    const member: Member = { socket };
    this.#members.add(member);
    socket.on('error', () => {});
    readLines<Report | Leads>(socket, said => {
      if ('leads' in said) return void this.events.emit(said.leads, said);
      member.report = said;
      this.#changes.emit('change');
    });
    socket.on('close', () => {
      this.#members.delete(member);
      if (member.report) this.#past.push(member.report.counts);
      this.#changes.emit('change');
    });
  }

  async #pm2(...args: string[]): Promise<void> {
    const env = { ...process.env, PM2_HOME: this.#home };
    await promisify(execFile)(process.execPath, [PM2, ...args], { env, timeout: 60_000 });
  }
}
