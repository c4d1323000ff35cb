// An example as its user runs it: a cluster started by one command, of which a test sees what it prints, and kills who leads.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

export interface Example {
  /** All that it has printed. */
  readonly lines: readonly string[];
  /** Resolves with the result of `find` once what was printed gives one; rejects if the example ends before. */
  until<R>(find: (lines: readonly string[]) => R | undefined): Promise<R>;
  /** Resolves once so many workers, 4 unless told, have printed this. */
  untilWorkersSay(text: string, count?: number): Promise<unknown>;
  /** Kills the leader; resolves once the next one leads. */
  killLeader(): Promise<void>;
  /** The same by SIGTERM. */
  terminateLeader(): Promise<void>;
}

const WORKER = /^worker \d+: (.*)$/;
const LEADS = /^process (\d+) leads$/;

export interface ExampleOptions {
  /** A worker whose `ready()` rejects prints `failed: CODE: CAUSE` and lives on. */
  readonly keepsRunning?: boolean;
}

const KEEP_RUNNING = `--import ${new URL('../../fixtures/keep-running.js', import.meta.url)}`;

/** Starts an example; ends all its processes with the test, and holds that it had nothing to complain of. */
export function startExample(
  t: ExecutionContext,
  name: string,
  env: NodeJS.ProcessEnv,
  { keepsRunning }: ExampleOptions = {},
): Example {
  const program = fileURLToPath(new URL(`../../examples/${name}/app.js`, import.meta.url));
  const child = spawn(process.execPath, [program], {
    // A process group of its own, as in a terminal.
    detached: true,
    env: { ...process.env, ...env, ...(keepsRunning && { NODE_OPTIONS: KEEP_RUNNING }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let stderr = '';
  let isOver = false;
  const checks = new Set<() => void>();
  const checkAll = () => {
    for (const check of checks) check();
  };
  createInterface({ input: child.stdout }).on('line', line => {
    lines.push(line);
    checkAll();
  });
  child.stderr.on('data', chunk => {
    stderr += chunk;
  });
  const closed = once(child, 'close').then(() => {
    isOver = true;
    checkAll();
  });
  t.teardown(async () => {
    const before = stderr;
    if (!isOver) process.kill(-child.pid!, 'SIGKILL');
    await closed;
    if (before) throw new Error(`The example wrote: ${before}`);
  });

  const until = <R>(find: (lines: readonly string[]) => R | undefined): Promise<R> =>
    new Promise((resolve, reject) => {
      const check = () => {
        const found = find(lines);
        if (found !== undefined) resolve(found);
        else if (isOver) reject(new Error(`The example ended: ${lines.join('\n')}\n${stderr}`));
        else return;
        checks.delete(check);
      };
      checks.add(check);
      check();
    });

  let killed = 0;
  const endLeader = async (signal: 'SIGKILL' | 'SIGTERM') => {
    const pid = await until(lines => leadersIn(lines)[killed]);
    killed++;
    process.kill(pid, signal);
    await until(lines => leadersIn(lines)[killed]);
  };
  return {
    lines,
    until,
    untilWorkersSay: (text, count = 4) =>
      until(lines => new Set(lines.filter(line => WORKER.exec(line)?.[1] === text)).size >= count || undefined),
    killLeader: () => endLeader('SIGKILL'),
    terminateLeader: () => endLeader('SIGTERM'),
  };
}

const leadersIn = (lines: readonly string[]): number[] =>
  lines.flatMap(line => LEADS.exec(line)?.[1] ?? []).map(Number);
