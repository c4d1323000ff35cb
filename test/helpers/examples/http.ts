// Asks a cluster that serves HTTP until each of its workers has answered as expected.

import { get } from 'node:http';

const WORKERS = 4;

/** What a worker said. */
export interface Said {
  readonly worker: string | number;
  readonly value: unknown;
}

/** Resolves once so many workers have said `value` last, with all that was said on the way. */
export async function untilAllSay(
  url: string,
  read: (text: string) => Said,
  value: unknown,
  workers = WORKERS,
): Promise<Said[]> {
  const last = new Map<Said['worker'], unknown>();
  const all: Said[] = [];
  while ([...last.values()].filter(reply => reply === value).length < workers) {
    // None listens yet, or the one that was asked is being killed.
    const text = await ask(url).catch(() => undefined);
    if (text === undefined) continue;
    const reply = read(text);
    all.push(reply);
    last.set(reply.worker, reply.value);
  }
  return all;
}

/** A connection of its own for each question, so that the workers take turns. */
function ask(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, async response => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve(text);
    });
    request.on('error', reject);
  });
}
