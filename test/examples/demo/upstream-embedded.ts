// The embedded upstream: a process of its own that tells of each connection as it comes and goes.

import { forkUpstream } from '../../helpers/upstream/process.js';
import { Refusal } from './options.js';
import type { Upstream } from './upstream.js';

export async function openEmbedded(stop: AbortController): Promise<Upstream> {
  const upstream = await forkUpstream();
  const lost = () => stop.abort(new Refusal('The embedded upstream has exited.'));
  upstream.on('exit', lost);
  return {
    title: 'an embedded upstream',
    address: { kind: 'embedded', path: upstream.path },
    get connections() {
      return upstream.connections;
    },
    async ran() {
      const { ranTwice, ranStale } = await upstream.stats();
      return { twice: ranTwice, stale: ranStale };
    },
    close() {
      upstream.off('exit', lost);
      return upstream.close();
    },
  };
}
