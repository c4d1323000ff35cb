// Why a member's data goes by the relay although the primary enabled the direct route, or reaches no leader. Reported to the
// primary and to the user.

import { notDirect, unreached } from '../errors/warnings.js';
import type { Link } from './link.js';

export class RouteProblem {
  #now: { readonly term: number; readonly text: string } | undefined;

  constructor(private readonly member: { readonly name: string; readonly link: Link; warning(text: string): void }) {}

  get text(): string | undefined {
    return this.#now?.text;
  }

  /** The route of a term has changed its kind or its problem. */
  report(term: number, route: 'relay' | 'direct', problem: string | undefined): void {
    const isNew = problem !== undefined && this.#now === undefined;
    this.#now = problem === undefined ? undefined : { term, text: problem };
    const { name: group, link } = this.member;
    link.sendControl({ k: 'route', group, term, route, ...(problem !== undefined && { problem }) });
    if (isNew) this.member.warning((link.direct!.hasNoRelay ? unreached : notDirect)(group, problem));
  }

  /** @param term forgets only a problem of this term */
  forget(term = this.#now?.term): void {
    if (this.#now?.term === term) this.#now = undefined;
  }
}
