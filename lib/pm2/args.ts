// Compares the constructor arguments of the members of a group. They may hold secrets, and a hash could be used to check
// guesses, so the log contains neither. The leader stores its hash beside the secret of its term, in a file that only this
// user may read. A worker with a different hash reports only that it differs.

import { withoutArgs } from '../options/options.js';
import type { Join } from '../protocol/messages.js';

export class Args {
  /** Hashes, by group. */
  readonly #own = new Map<string, string | undefined>();
  /** Groups whose leader has other arguments. */
  readonly #differing = new Set<string>();

  /** @returns the frame to write into the log */
  note(join: Join): Join {
    const { args, digest } = withoutArgs(join.digest);
    // A repeated frame no longer contains them.
    if (!this.#own.has(join.group)) this.#own.set(join.group, args);
    return { ...join, digest };
  }

  left(group: string): void {
    this.#own.delete(group);
    this.#differing.delete(group);
  }

  of(group: string): string | undefined {
    return this.#own.get(group);
  }

  /** Whether a leader has other arguments than this worker, and this was not known before. */
  isNewlyOther(group: string, leaders: string | undefined): boolean {
    const isOther = leaders !== this.of(group);
    const isNew = isOther && !this.#differing.has(group);
    if (isOther) this.#differing.add(group);
    else this.#differing.delete(group);
    return isNew;
  }
}
