// What an `open` function is given, with what it said.

import type { OpenContext } from '../../lib/options/options.js';

export function openContext() {
  const failures: Error[] = [];
  const controller = new AbortController();
  const context: OpenContext = {
    name: 'test',
    term: 1,
    signal: controller.signal,
    fail: error => failures.push(error as Error),
    resync() {},
  };
  return { context, failures, giveUp: () => controller.abort() };
}
