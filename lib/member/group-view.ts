// The last state of a group that the primary sent: its leader, how the last term ended, and why there is no leader.

import type { GroupMessage } from '../diagnostics/messages.js';
import type { TermEnd } from '../metrics/failovers.js';
import type { StateUpdate } from '../protocol/messages.js';
import { LeadershipDiagnostics } from './leadership-diagnostics.js';
import type { PortableErrors } from './portable-errors.js';

export class GroupView {
  readonly #diagnostics: LeadershipDiagnostics;
  #update: StateUpdate | undefined;
  #ended: TermEnd | undefined;
  /** The newest term that had a leader. */
  #lastLed: number | undefined;
  #openError: Error | undefined;

  constructor(
    readonly errors: PortableErrors,
    source: GroupMessage,
  ) {
    this.#diagnostics = new LeadershipDiagnostics(source);
  }

  /** Undefined without a primary. */
  get update(): StateUpdate | undefined {
    return this.#update;
  }

  /** How the last term ended, as far as this member knows. */
  get ended(): TermEnd | undefined {
    return this.#ended;
  }

  /** The last error of an attempt to open the real client, while none is open. */
  get openError(): Error | undefined {
    return this.#openError;
  }

  /** The channel keeps order, so each update is the newest. @returns how a term ended, if one did */
  apply(update: StateUpdate): TermEnd | undefined {
    const error = update.error && this.errors.read(update.error);
    const ended = update.cause && { term: this.#ledBefore(update), cause: update.cause, error };
    if (ended) this.#ended = ended;
    this.#diagnostics.publish(update, error);
    this.#update = update;
    // A group may have no leader before its term is known to be over: the old leader is fenced meanwhile.
    if (update.leader) this.#lastLed = update.term;
    if (update.phase === 'failed') this.#openError = error;
    if (update.phase === 'ready') this.#openError = undefined;
    return ended;
  }

  /** The last term before this update that had a leader. */
  #ledBefore({ term, leader }: StateUpdate): number | undefined {
    const last = this.#lastLed;
    return last !== undefined && (last < term || !leader) ? last : this.#ended?.term;
  }

  /** There is no primary any more. */
  forget(): void {
    this.#update = undefined;
    this.#diagnostics.forget();
  }
}
