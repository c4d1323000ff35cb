// Opens the upstream that the demo was asked for. Each is loaded only where it is used.

import type { Upstream } from './upstream.js';

/** A fresh one, or a fresh count, for each half. `stop` is aborted when it goes away. */
export async function openUpstream(redis: string | undefined, stop: AbortController): Promise<Upstream> {
  if (redis === undefined) return (await import('./upstream-embedded.js')).openEmbedded(stop);
  return (await import('./upstream-redis.js')).openRedis(redis, stop);
}
