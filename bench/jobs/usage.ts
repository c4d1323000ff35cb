// What a process uses of the machine.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Usage {
  /** All threads, since the start. */
  readonly cpuUs: number;
  readonly rssBytes: number;
  /** To files, pipes and sockets, since the start; 0 where /proc isn't there. */
  readonly writtenBytes: number;
}

export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, rssBytes: process.memoryUsage.rss(), writtenBytes: writtenBytes() };
}

/** Asked once and answered once: what is said in between would be most of what an idle process does. */
export async function usageOver(ms: number): Promise<Usage> {
  const before = usage();
  await sleep(ms);
  return difference(before, usage());
}

export const difference = (before: Usage, after: Usage): Usage => ({
  cpuUs: after.cpuUs - before.cpuUs,
  rssBytes: after.rssBytes,
  writtenBytes: after.writtenBytes - before.writtenBytes,
});

function writtenBytes(): number {
  try {
    return Number(/^wchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1]);
  } catch {
    return 0;
  }
}
