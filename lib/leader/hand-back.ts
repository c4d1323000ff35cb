// Returns calls that this leader does not start.

import { type Bundle, Kind, kindOf } from '../protocol/bundle.js';
import { isCall } from '../protocol/classes.js';
import type { Sender } from './sender.js';

/** For calls that reached a leader that has stopped, or never serves. Their members send them to the next leader. */
export function handBack(bundle: Bundle, sender: Sender): void {
  forCalls(bundle, (from, id) => sender.to(from, Kind.RETURNED, id, '0'));
}

/** Visits the calls in a bundle from a member. */
export function forCalls({ f, h }: Bundle, visit: (from: number, id: number) => void): void {
  if (f === undefined) return;
  for (let i = 0; i < h.length; i += 4) {
    if (isCall(kindOf(h[i]!))) visit(f, h[i + 1]!);
  }
}
