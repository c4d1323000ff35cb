// A real PM2 for one test, with a home of its own that is removed at the end.

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import type { AppApi, AppEvent } from '../../fixtures/pm2-app.js';
import { isAlive, meetProcess, type RemoteProcess } from '../process/remote.js';
import { JOURNAL, now, UPSTREAM, WIRE } from '../process/wire.js';
import { forkUpstream, type UpstreamProcess } from '../upstream/process.js';
import { type AppSetup, SETUP } from './setup.js';

export type AppProcess = RemoteProcess<AppApi, AppEvent>;

/** An app of an ecosystem file, without what a test doesn't say. */
export interface App extends Partial<AppSetup> {
  readonly name?: string;
  readonly instances?: number;
  /** Whatever else PM2 takes. */
  readonly pm2?: Readonly<Record<string, unknown>>;
}

const APP = fileURLToPath(new URL('../../fixtures/pm2-app.js', import.meta.url));
const FORK = fileURLToPath(new URL('../../fixtures/pm2-fork.js', import.meta.url));
const require = createRequire(import.meta.url);

/** On a busy machine PM2's own 1.6 s are over before an app that is to stop has done what it does at once. */
const KILL_TIMEOUT_MS = 10_000;

/** What takes longer hangs. */
const HANGS_MS = 300_000;

/** A lease that a healthy leader doesn't overrun, however busy the machine is. Who tests leases gives its own. */
const LONG_LEASE = { leaderTimeoutMs: 15_000 };

/** The package of each major version. */
const PACKAGES: Readonly<Record<string, string>> = { 5: 'pm2-5', 6: 'pm2-6', 7: 'pm2' };

/** The majors that are asked for: `PM2_MAJORS=5,6,7`. */
export const MAJORS = (process.env.PM2_MAJORS ?? '7').split(',');

export class Pm2 {
  readonly home = mkdtempSync(join(tmpdir(), 'cscp-'));
  readonly workers: AppProcess[] = [];
  upstream!: UpstreamProcess;
  readonly #bin: string;
  /** The folder for temporary files. */
  readonly temporaryFolder = join(this.home, 'tmp');
  readonly #server = createServer(async socket => {
    const worker = await meetProcess<AppApi, AppEvent>(socket);
    this.workers.push(worker);
    for (const check of this.#waiting.splice(0)) check();
  });
  #waiting: (() => void)[] = [];

  constructor(
    major: string,
    /** Of the daemon, and of the command. */
    private readonly env: (home: string) => Record<string, string> = () => ({}),
  ) {
    this.#bin = join(require.resolve(`${PACKAGES[major]}/package.json`), '../bin');
  }

  async start(): Promise<void> {
    mkdirSync(this.temporaryFolder);
    writeFileSync(join(this.home, 'journal'), '');
    this.#server.listen(join(this.home, 'wire'));
    this.upstream = await forkUpstream({ path: join(this.home, 'up') });
    await this.cli('ping');
  }

  /** Runs PM2's own command. */
  async cli(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [join(this.#bin, 'pm2'), ...args], {
      env: this.#env,
      timeout: HANGS_MS,
    });
    return stdout;
  }

  /** Starts apps in cluster mode; resolves once all their instances are there. */
  async run(...apps: App[]): Promise<AppProcess[]> {
    const count = this.workers.length + apps.reduce((sum, { instances = 4 }) => sum + instances, 0);
    await this.cli('start', this.#ecosystem(apps.map(app => this.#describe(app))));
    await this.until(() => this.workers.length >= count);
    return this.workers;
  }

  async runFork(): Promise<void> {
    await this.cli('start', this.#ecosystem([{ name: 'forked', script: FORK, exec_mode: 'fork', env: this.#env }]));
  }

  /** The same without a daemon, as in a container. @returns what ends it */
  runtime(app: App): () => Promise<void> {
    const file = this.#ecosystem([this.#describe(app)]);
    const child = spawn(process.execPath, [join(this.#bin, 'pm2-runtime'), 'start', file], {
      env: this.#env,
      stdio: 'ignore',
    });
    return async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGINT');
      await new Promise(resolve => child.once('exit', resolve));
    };
  }

  #describe({ name = 'web', instances = 4, pm2, configure, ...setup }: App): object {
    return {
      name,
      script: APP,
      exec_mode: 'cluster',
      instances,
      // A test kills faster than an app that is well dies.
      max_restarts: 1000,
      min_uptime: 100,
      kill_timeout: KILL_TIMEOUT_MS,
      // PM2 7 turns source maps on: the first stack trace of a process would wait until those of the tests are read.
      disable_source_map_support: true,
      ...pm2,
      env: {
        ...this.#env,
        [SETUP]: JSON.stringify({ app: name, configure: { ...LONG_LEASE, ...configure }, ...setup }),
      },
    };
  }

  #ecosystem(apps: object[]): string {
    const file = join(this.home, `ecosystem-${this.workers.length}.json`);
    writeFileSync(file, JSON.stringify({ apps }));
    return file;
  }

  get #env(): Record<string, string> {
    const { NODE_V8_COVERAGE: _, NODE_OPTIONS: __, FORCE_COLOR: ___, ...env } = process.env;
    return {
      ...(env as Record<string, string>),
      PM2_HOME: this.home,
      TMPDIR: this.temporaryFolder,
      XDG_RUNTIME_DIR: '',
      [WIRE]: join(this.home, 'wire'),
      [JOURNAL]: join(this.home, 'journal'),
      [UPSTREAM]: join(this.home, 'up'),
      ...this.env(this.home),
    };
  }

  get daemonPid(): number {
    return Number(readFileSync(join(this.home, 'pm2.pid'), 'utf8'));
  }

  get log(): string {
    return readFileSync(join(this.home, 'pm2.log'), 'utf8');
  }

  /** What is in the folder for temporary files. */
  temporary(): string[] {
    return readdirSync(this.temporaryFolder);
  }

  /** Those that live. */
  get living(): AppProcess[] {
    return this.workers.filter(({ pid }) => isAlive(pid));
  }

  /** Resolves once `isTrue`, which is asked again whenever somebody comes, or soon. */
  async until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
    const end = now() + HANGS_MS;
    while (!(await isTrue())) {
      if (now() > end) throw new Error(`It did not come about.\n${this.log.slice(-2000)}`);
      await Promise.race([sleep(20), new Promise<void>(resolve => this.#waiting.push(resolve))]);
    }
  }

  /** The worker of an app that leads, once there is exactly one, it is ready, and all others follow it. */
  async leader(app = 'web', instances?: number): Promise<AppProcess> {
    let found: AppProcess | undefined;
    await this.until(async () => {
      found = undefined;
      const states = await Promise.all(
        this.living.map(async worker => {
          try {
            return { worker, app: await worker.do.app(), status: await worker.do.status() };
          } catch {
            return undefined;
          }
        }),
      );
      const known = states.filter(state => state !== undefined && state.app === app);
      const leading = known.filter(state => state!.status.route === 'local');
      const areAllReady = known.every(state => state!.status.route !== undefined);
      if (leading.length !== 1 || !areAllReady || (instances !== undefined && known.length !== instances)) return false;
      found = leading[0]!.worker;
      return true;
    });
    return found!;
  }

  async end(): Promise<void> {
    await this.cli('kill').catch(() => {});
    for (const worker of this.workers) worker.kill();
    await Promise.all(this.workers.map(worker => worker.gone));
    await this.upstream?.close();
    await new Promise(resolve => this.#server.close(resolve));
    rmSync(this.home, { recursive: true, force: true });
  }
}

export async function startPm2(
  t: ExecutionContext,
  major: string,
  env?: (home: string) => Record<string, string>,
): Promise<Pm2> {
  const pm2 = new Pm2(major, env);
  t.teardown(() => pm2.end());
  await pm2.start();
  return pm2;
}
