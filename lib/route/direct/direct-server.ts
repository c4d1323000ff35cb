// Accepts direct connections from followers. One listener serves all terms that this process leads; each term has its own
// secret.

import { brokenFrame } from '../../errors/value-errors.js';
import { newId } from '../../protocol/ids.js';
import type { Connection, ConnectionHandlers, DirectListener, DirectTransport } from '../../transport/direct.js';
import { backoffMs } from '../../utils/backoff.js';
import type { Clock, Timer } from '../../utils/clock.js';
import { memberKey } from '../../utils/secret.js';
import type { DirectLeader, MemberHandlers } from './direct-leader.js';
import type { Address } from './direct-route.js';
import { FramedConnection } from './framed-connection.js';
import { Challenger, isHello } from './handshake.js';
import { type DirectHello, encodeHandshake, What } from './wire.js';

/** How long a new connection may take for the handshake. */
const HELLO_MS = 5000;

/**
 * Maximum number of connections in the handshake: more than can arrive in one turn of the event loop, in which every member
 * of every group may connect. Beyond it, the oldest is closed.
 */
const MAX_UNPROVED = 8 * 1024;

/** A term that this process leads. */
export interface ServedTerm {
  readonly group: string;
  readonly term: number;
  readonly leader: DirectLeader;
  /** Members can connect to this address from now on. */
  offer(address: Address): void;
  /** Members cannot connect for now, and why. */
  failed(problem: string): void;
  /** A connection claimed to be this worker's member and could not prove it. Called once per term. */
  refused(workerId: number): void;
}

interface Known extends ServedTerm {
  readonly secret: string;
  refusals: number;
}

export interface DirectServerOptions {
  readonly clock: Clock;
  readonly transport: DirectTransport;
  /** Registers an address before it is created; calls `proceed` once that is done. */
  announce?(address: string, proceed: () => void): void;
  /** Unregisters the address. */
  removed?(address: string): void;
}

export class DirectServer {
  readonly #options: DirectServerOptions;
  readonly #led = new Map<string, Known>();
  readonly #unproved = new Set<() => void>();
  #listener: DirectListener | undefined;
  #address: string | undefined;
  #failures = 0;
  #retry: Timer | undefined;

  constructor(options: DirectServerOptions) {
    this.#options = options;
  }

  /** Starts a term of a group. */
  open(led: ServedTerm): void {
    const known = { ...led, secret: newId(), refusals: 0 };
    this.#led.set(led.group, known);
    if (this.#address !== undefined) led.offer({ address: this.#address, secret: known.secret });
    else if (!this.#listener && !this.#retry) this.#listen();
  }

  /** Ends a term. The listener closes with the last one. */
  close(group: string, term: number): void {
    if (this.#led.get(group)?.term !== term) return;
    this.#led.delete(group);
    if (this.#led.size > 0) return;
    this.#retry?.clear();
    this.#retry = undefined;
    this.#stopListening();
    for (const dismiss of this.#unproved) dismiss();
  }

  #listen(): void {
    const { transport, announce, removed } = this.#options;
    this.#listener = transport.listen({
      ...(announce && { announce }),
      ...(removed && { removed }),
      listening: address => this.#listening(address),
      failed: problem => this.#failed(problem),
      lost: () => this.#lost(),
      accept: connection => this.#accept(connection),
    });
  }

  #listening(address: string): void {
    this.#failures = 0;
    this.#address = address;
    for (const { secret, offer } of this.#led.values()) offer({ address, secret });
  }

  /** Listens on another address, which members receive at once. */
  #lost(): void {
    this.#stopListening();
    this.#listen();
  }

  #stopListening(): void {
    this.#listener?.close();
    this.#listener = undefined;
    this.#address = undefined;
  }

  #failed({ message }: Error): void {
    this.#stopListening();
    if (++this.#failures === 1) for (const { failed } of this.#led.values()) failed(message);
    this.#retry = this.#options.clock.setTimer(() => {
      this.#retry = undefined;
      this.#listen();
    }, backoffMs(this.#failures));
  }

  #accept(connection: Connection): ConnectionHandlers {
    let member: MemberHandlers | undefined;
    let challenger: Challenger | undefined;
    let challengedAt = 0;
    const line = new FramedConnection({
      fields: (what, fields) => {
        if (member && what === What.CLOCK) return member.clock(fields);
        if (!challenger) {
          challenger = this.#challenge(what, fields);
          challengedAt = this.#options.clock.now();
          return void connection.write([encodeHandshake(What.CHALLENGE, challenger.challenge)]);
        }
        member = member ? undefined : this.#admit(challenger, what, fields, line, challengedAt);
        if (!member) throw brokenFrame('the hello', 'of a member of this term');
        known();
      },
      // The reader rejects these messages before the member has proved itself.
      ack: number => member!.ack(number),
      final: number => member!.final(number),
      bundle: (number, acked, bundle) => member!.bundle(number, acked, bundle),
      drained: () => member?.drained(),
      closed: problem => {
        known();
        member?.closed(problem);
      },
    });
    line.connection = connection;
    const known = this.#watch(line);
    return line.events;
  }

  /** Closes connections that do not complete the handshake in time, or exceed the maximum. @returns ends the watch */
  #watch(line: FramedConnection): () => void {
    const known = () => {
      timer.clear();
      this.#unproved.delete(dismiss);
    };
    const dismiss = () => {
      known();
      line.destroy();
    };
    const timer = this.#options.clock.setTimer(dismiss, HELLO_MS);
    this.#unproved.add(dismiss);
    const [oldest] = this.#unproved;
    if (this.#unproved.size > MAX_UNPROVED) oldest!();
    return known;
  }

  /** @throws SharedClientError if it is not a hello for a term that this process leads */
  #challenge(what: number, fields: unknown): Challenger {
    const led = what === What.HELLO && isHello(fields) ? this.#termOf(fields) : undefined;
    if (!led) throw brokenFrame('what came first', 'a hello to a term that is led here');
    const { group, term, from } = fields as DirectHello;
    return new Challenger(fields as DirectHello, memberKey(led.secret, group, term, from));
  }

  #admit(
    challenger: Challenger,
    what: number,
    fields: unknown,
    line: FramedConnection,
    challengedAt: number,
  ): MemberHandlers | undefined {
    const { hello } = challenger;
    const led = this.#termOf(hello);
    if (!led || what !== What.PROOF) return undefined;
    if (challenger.isProved(fields)) {
      line.trust();
      // Read later than the clock here, so a translated deadline is never too late.
      const ahead = fields.now === undefined ? undefined : challengedAt - fields.now;
      return led.leader.meet(hello, line, ahead);
    }
    if (++led.refusals === 1) led.refused(hello.from);
    return undefined;
  }

  #termOf({ group, term }: DirectHello): Known | undefined {
    const led = this.#led.get(group);
    return led?.term === term ? led : undefined;
  }
}
