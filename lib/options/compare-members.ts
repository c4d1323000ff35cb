// Compares the options of two clients of one name in one process, which share one member.

import { isDeepStrictEqual } from 'node:util';
import { MEMBER_TABLE } from './client-table.js';
import type { Definition, MemberOptions } from './member-options.js';

const OPTIONS = Object.keys(MEMBER_TABLE) as (keyof typeof MEMBER_TABLE)[];

/** The first option that differs, as {@link differentOption} names it. */
export function differingMemberOption(first: MemberOptions, later: MemberOptions): string | undefined {
  // `setupPrimary()` may have changed the default of `eligible` between the two.
  const isGiven = first.eligibleGiven || later.eligibleGiven;
  return (
    differingDefinition(first.definition, later.definition) ??
    OPTIONS.find(option => (option !== 'eligible' || isGiven) && !isDeepStrictEqual(first[option], later[option]))
  );
}

function differingDefinition(first: Definition, later: Definition): string | undefined {
  if (later.kind === 'class') {
    if (first.kind !== 'class' || first.Class !== later.Class) return 'class';
    return isDeepStrictEqual(first.args, later.args) ? undefined : 'args';
  }
  if (first.kind !== 'open' || first.open !== later.open) return 'open';
  return first.close === later.close ? undefined : 'close';
}
