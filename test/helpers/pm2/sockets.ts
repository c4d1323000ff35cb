// PM2's two sockets as its daemon has them, in a directory of the test's own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { AmpReader, ampFrame } from '../../../lib/transport/amp.js';
import { findPm2Place, type Pm2Place, type Pm2Surroundings } from '../../../lib/transport/pm2-place.js';

export const PPID = 4242;

export const ENV = {
  pm_id: '3',
  pm_uptime: '1700000000000',
  exec_mode: 'cluster_mode',
  name: 'web',
  namespace: 'default',
};

export function makeHome(t: ExecutionContext, pid: string | undefined = String(PPID)): string {
  const home = mkdtempSync(join(tmpdir(), 'csc-pm2-'));
  if (pid !== undefined) writeFileSync(join(home, 'pm2.pid'), pid);
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

export function placeIn(
  home: string,
  env: Record<string, string | undefined> = {},
  platform = 'linux',
  parent: Pm2Surroundings['parent'] = { env: {}, cwd: '/' },
): Pm2Place | undefined {
  return findPm2Place({ env: { ...ENV, PM2_HOME: home, ...env }, ppid: PPID, platform, isWorker: true, parent });
}

/** The daemon's end of one socket. */
export class DaemonSocket {
  readonly sockets = new Set<Socket>();
  readonly asked: string[][] = [];
  readonly #server: Server;
  #waiting: (() => void)[] = [];

  constructor(t: ExecutionContext, path: string, answer?: (args: readonly string[]) => string[]) {
    this.#server = createServer(socket => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
      const reader = new AmpReader(args => {
        this.asked.push(args.map(String));
        if (answer) socket.write(ampFrame(answer(args.map(String))));
      });
      socket.on('data', chunk => reader.push(chunk));
      for (const go of this.#waiting.splice(0)) go();
    });
    this.#server.listen(path);
    t.teardown(() => this.close());
  }

  async connected(): Promise<void> {
    if (this.sockets.size === 0) await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  write(...args: string[]): void {
    for (const socket of this.sockets) socket.write(ampFrame(args));
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
