// A PM2 of the bench's own: a daemon in a new directory, which is removed at the end.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PM2 = join(createRequire(import.meta.url).resolve('pm2/package.json'), '../bin/pm2');

export class Pm2Home {
  readonly path = mkdtempSync(join(tmpdir(), 'cscb-'));

  async start(apps: readonly object[]): Promise<void> {
    const file = join(this.path, 'ecosystem.json');
    writeFileSync(file, JSON.stringify({ apps }));
    await this.#cli('start', file);
  }

  async remove(): Promise<void> {
    await this.#cli('kill');
    rmSync(this.path, { recursive: true, force: true });
  }

  async #cli(...args: string[]): Promise<void> {
    const env = { ...process.env, PM2_HOME: this.path };
    await promisify(execFile)(process.execPath, [PM2, ...args], { env, timeout: 60_000 });
  }
}
