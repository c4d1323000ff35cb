// Whether two clients of one name in one process agree on what belongs to their one member.

import { isDeepStrictEqual } from 'node:util';
import type { Definition, MemberOptions } from './member-options.js';

/** In the order in which they are named where several differ. */
const COMPARED = [
  'openTimeoutMs',
  'drainTimeoutMs',
  'primaryTimeoutMs',
  'maxLeadersLost',
  'methods',
  'events',
  'failOn',
  'priority',
  'replay',
  'handover',
  'resignOn',
  'standalone',
  'context',
] as const satisfies readonly (keyof MemberOptions)[];

/** The first option in which the two differ, as {@link differentOption} names it. */
export function differingMemberOption(first: MemberOptions, later: MemberOptions): string | undefined {
  const definition = differingDefinition(first.definition, later.definition);
  if (definition) return definition;
  if (isEligibilityDifferent(first, later)) return 'eligible';
  return COMPARED.find(option => !isDeepStrictEqual(first[option], later[option]));
}

function differingDefinition(first: Definition, later: Definition): string | undefined {
  if (later.kind === 'class') {
    if (first.kind !== 'class' || first.Class !== later.Class) return 'class';
    return isDeepStrictEqual(first.args, later.args) ? undefined : 'args';
  }
  if (first.kind !== 'open' || first.open !== later.open) return 'open';
  return first.close === later.close ? undefined : 'close';
}

/** The default may have changed between the two: with `setupPrimary()`. */
function isEligibilityDifferent(first: MemberOptions, later: MemberOptions): boolean {
  return (first.eligibleGiven || later.eligibleGiven) && first.eligible !== later.eligible;
}
