// The sockets of one process of a simulation, and what befalls them on a machine: somebody removes one that is listened on,
// and the process has no file left for a while.

import type {
  Connection,
  ConnectionHandlers,
  DirectListener,
  DirectTransport,
  ListenerHandlers,
} from '../../lib/transport/direct.js';
import type { Clock } from '../../lib/utils/clock.js';

/** Nobody listens there. */
const NOWHERE = 'memory:nowhere';

const noFile = (call: string) => new Error(`${call} EMFILE: too many open files`);

const SILENT: ConnectionHandlers = { data() {}, drained() {}, closed() {} };

export class SimSockets implements DirectTransport {
  /** It has no file left. */
  isStarved = false;
  readonly #open = new Map<string, ListenerHandlers>();

  /** @param removed addresses whose sockets somebody removed, of all processes */
  constructor(
    private readonly inner: DirectTransport,
    private readonly clock: Clock,
    private readonly removed: Set<string>,
  ) {}

  /** Somebody removes its sockets, and it notices that after `ms`. */
  removeOwn(ms: number): void {
    for (const [address, handlers] of this.#open) {
      if (this.removed.has(address)) continue;
      this.removed.add(address);
      const notice = () => this.#open.get(address) === handlers && handlers.lost?.(new Error(`${address} is gone`));
      this.clock.setTimer(notice, ms);
    }
  }

  listen(handlers: ListenerHandlers): DirectListener {
    let own: string | undefined;
    const listener = this.inner.listen({
      ...handlers,
      listening: address => {
        if (this.isStarved) return handlers.failed(noFile('listen'));
        own = address;
        this.#open.set(address, handlers);
        handlers.listening(address);
      },
      accept: connection => {
        if (!this.isStarved) return handlers.accept(connection);
        connection.destroy();
        this.clock.defer(() => own && this.#open.get(own) === handlers && handlers.failed(noFile('accept')));
        return SILENT;
      },
    });
    return {
      close: () => {
        if (own) this.#open.delete(own);
        listener.close();
      },
    };
  }

  connect(address: string, handlers: ConnectionHandlers): Connection {
    const isInVain = this.isStarved || this.removed.has(address);
    return this.inner.connect(isInVain ? NOWHERE : address, handlers);
  }

  remove(address: string): void {
    this.inner.remove(address);
  }
}
