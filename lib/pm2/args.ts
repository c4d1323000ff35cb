// Which constructor arguments each member was given. They may hold secrets, and from a hash that everybody reads they can
// be guessed, so that the log has nothing of them: the leader keeps its hash beside the secret of its term, where only
// this user reads, and who finds another one there than its own says no more than that.

import { withoutArgs } from '../options/options.js';
import type { Join } from '../protocol/messages.js';

export class Args {
  /** Hashes, by group. */
  readonly #own = new Map<string, string | undefined>();
  /** Groups whose leader has others. */
  readonly #differing = new Set<string>();

  /** @returns what the log may have of it */
  note(join: Join): Join {
    const { args, digest } = withoutArgs(join.digest);
    // A repeated message has none any more.
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

  /** Whether a leader has others than we have, which isn't known yet. */
  isNewlyOther(group: string, leaders: string | undefined): boolean {
    const isOther = leaders !== this.of(group);
    const isNew = isOther && !this.#differing.has(group);
    if (isOther) this.#differing.add(group);
    else this.#differing.delete(group);
    return isNew;
  }
}
