// Declares tests of the whole library, each over several kinds of channel.

import test, { type ExecutionContext } from 'ava';
import { type Channels, Rig, type RigOptions } from './rig.js';

export * from './rig.js';

const CLUSTER: readonly Channels[] = ['advanced', 'json', 'direct'];

/** Declares one test for each kind of channel, with a rig that is checked at the end. */
export function system(
  title: string,
  body: (t: ExecutionContext, rig: Rig) => Promise<void>,
  options: RigOptions & { readonly over?: readonly Channels[] } = {},
): void {
  const { over = CLUSTER, ...rest } = options;
  for (const channels of over) {
    test.serial(over.length > 1 ? `${title} (${channels})` : title, async t => {
      const rig = new Rig({ channels, ...rest });
      await body(t, rig);
      await rig.finish(t);
    });
  }
}

/** The same, and over a fleet: for what holds wherever the other clients are. */
export function everywhere(
  title: string,
  body: (t: ExecutionContext, rig: Rig) => Promise<void>,
  options: RigOptions = {},
): void {
  system(title, body, { over: [...CLUSTER, 'fleet'], ...options });
}
