// A server program of a test's own, where the machine has it. What each server is told lives with the function that starts it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import { skip } from './services.js';

/** A program that runs until the test ends. */
export interface ServiceProcess {
  readonly pid: number;
  /** All that it has printed, on either stream. */
  readonly lines: readonly string[];
  /** Resolves once it has printed such a line. */
  until(pattern: RegExp): Promise<unknown>;
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>;
}

/** Whom it runs as; some refuse to run as root. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

/** Resolves when it has printed that it is ready; `undefined` where it isn't installed, and the test says so. */
export async function startService(
  t: ExecutionContext,
  command: string,
  args: readonly string[],
  ready: RegExp,
  user?: ServiceUser,
): Promise<ServiceProcess | undefined> {
  const service = await startProgram(command, args, ready, user);
  if (service) t.teardown(() => service.kill());
  else skip(t, `${command} on this machine`);
  return service;
}

/** The same without a test, for whoever ends it. */
export async function startProgram(
  command: string,
  args: readonly string[],
  ready: RegExp,
  user?: ServiceUser,
): Promise<ServiceProcess | undefined> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...user });
  const lines: string[] = [];
  const checks = new Set<() => void>();
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', line => {
      lines.push(line);
      for (const check of checks) check();
    });
  const until = (pattern: RegExp) =>
    new Promise<void>(resolve => {
      const check = () => {
        if (!lines.some(line => pattern.test(line))) return;
        checks.delete(check);
        resolve();
      };
      checks.add(check);
      check();
    });
  try {
    await once(child, 'spawn');
  } catch {
    return undefined;
  }
  const kill = () => end(child);
  const exited = once(child, 'exit').then(() => Promise.reject(new Error(lines.join('\n'))));
  exited.catch(() => {});
  try {
    await Promise.race([until(ready), exited]);
  } catch (error) {
    await kill();
    throw error;
  }
  return { pid: child.pid!, lines, until, kill };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
