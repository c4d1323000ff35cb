// Where followers knock: one listener for all terms that this process leads, each with a secret of its own.

import { brokenFrame } from '../../errors.js';
import { newId } from '../../protocol/ids.js';
import type { Connection, ConnectionHandlers, DirectTransport, Listener } from '../../transport/direct.js';
import { backoffMs } from '../../utils/backoff.js';
import type { Clock, Timer } from '../../utils/clock.js';
import { isSameSecret } from '../../utils/secret.js';
import type { DirectLeader } from './direct-leader.js';
import type { Address } from './direct-road.js';
import { Line, type LineHandlers } from './line.js';
import { type Hello, What } from './wire.js';

/** Who knocks shows in this time who it is. */
const HELLO_MS = 5000;

/** What is to be known of a term that is led here. */
export interface Led {
  readonly group: string;
  readonly term: number;
  readonly leader: DirectLeader;
  /** Members can come by the direct road from now on. */
  offer(address: Address): void;
  /** They can't for now, and why. */
  failed(problem: string): void;
}

export interface ReceptionOptions {
  readonly clock: Clock;
  readonly transport: DirectTransport;
  /** Somebody is to know the address before it is there; `proceed` once it does. */
  announce?(address: string, proceed: () => void): void;
}

export class Reception {
  readonly #options: ReceptionOptions;
  readonly #led = new Map<string, Led & { readonly secret: string }>();
  readonly #strangers = new Set<() => void>();
  #listener: Listener | undefined;
  #address: string | undefined;
  #failures = 0;
  #retry: Timer | undefined;

  constructor(options: ReceptionOptions) {
    this.#options = options;
  }

  /** A term of a group begins here. */
  open(led: Led): void {
    const known = { ...led, secret: newId() };
    this.#led.set(led.group, known);
    if (this.#address !== undefined) led.offer({ address: this.#address, secret: known.secret });
    else if (!this.#listener && !this.#retry) this.#listen();
  }

  /** It is over; with the last one the listener goes too. */
  close(group: string, term: number): void {
    if (this.#led.get(group)?.term !== term) return;
    this.#led.delete(group);
    if (this.#led.size > 0) return;
    this.#retry?.clear();
    this.#retry = undefined;
    this.#listener?.close();
    this.#listener = undefined;
    this.#address = undefined;
    for (const dismiss of this.#strangers) dismiss();
  }

  #listen(): void {
    const { transport, announce } = this.#options;
    this.#listener = transport.listen({
      ...(announce && { announce }),
      listening: address => this.#listening(address),
      failed: problem => this.#failed(problem),
      accept: connection => this.#accept(connection),
    });
  }

  #listening(address: string): void {
    this.#failures = 0;
    this.#address = address;
    for (const { secret, offer } of this.#led.values()) offer({ address, secret });
  }

  #failed({ message }: Error): void {
    this.#listener!.close();
    this.#listener = undefined;
    this.#address = undefined;
    if (++this.#failures === 1) for (const { failed } of this.#led.values()) failed(message);
    this.#retry = this.#options.clock.setTimer(() => {
      this.#retry = undefined;
      this.#listen();
    }, backoffMs(this.#failures));
  }

  #accept(connection: Connection): ConnectionHandlers {
    let member: Omit<LineHandlers, 'words'> | undefined;
    const known = () => {
      if (!member) throw brokenFrame('what came first', 'a hello');
      return member;
    };
    const line = new Line({
      words: (what, words) => {
        member = member ? undefined : this.#admit(what, words, line);
        if (!member) throw brokenFrame('the hello', 'of a member of this term');
        welcome();
      },
      ack: number => known().ack(number),
      final: number => known().final(number),
      bundle: (number, acked, bundle) => known().bundle(number, acked, bundle),
      drained: () => member?.drained(),
      closed: problem => {
        welcome();
        member?.closed(problem);
      },
    });
    line.connection = connection;
    const dismiss = () => {
      welcome();
      line.destroy();
    };
    const timer = this.#options.clock.setTimer(dismiss, HELLO_MS);
    const welcome = () => {
      timer.clear();
      this.#strangers.delete(dismiss);
    };
    this.#strangers.add(dismiss);
    return line.events;
  }

  #admit(what: number, words: unknown, line: Line): Omit<LineHandlers, 'words'> | undefined {
    if (what !== What.HELLO || !isHello(words)) return undefined;
    const led = this.#led.get(words.group);
    if (led?.term !== words.term || !isSameSecret(words.secret, led.secret)) return undefined;
    line.trust();
    return led.leader.meet(words, line);
  }
}

function isHello(words: unknown): words is Hello {
  if (typeof words !== 'object' || words === null) return false;
  const { group, term, secret, from, stream, goesOn, received, isOnly } = words as Record<string, unknown>;
  return (
    typeof group === 'string' &&
    typeof secret === 'string' &&
    [term, from, stream, received].every(number => Number.isSafeInteger(number) && (number as number) >= 0) &&
    typeof goesOn === 'boolean' &&
    typeof isOnly === 'boolean'
  );
}
