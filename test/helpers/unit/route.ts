// A route that leads nowhere: what was sent on it, bundle by bundle.

import { type About, BundleBuilder, type FrameView, readFrames } from '../../../lib/protocol/frames.js';
import type { Bundle } from '../../../lib/protocol/messages.js';
import type { Part, Payload } from '../../../lib/protocol/payload.js';
import type { Route } from '../../../lib/route/route.js';
import { frameWords } from './frames.js';

export class FakeRoute implements Route {
  readonly kind = 'relay';
  isNextBundle = true;
  waitingBytes = 0;
  /** How many calls were under way whenever a batch might have left early. */
  readonly inFlight: number[] = [];
  readonly parts: (readonly Part[] | undefined)[] = [];
  #number = 1;
  readonly #sent: Bundle[] = [];

  constructor(readonly term: number) {}

  send(kind: number, id: number, text: string, parts?: readonly Part[], about?: About): number {
    const bundle = new BundleBuilder('g', this.term);
    bundle.add(kind, id, text, undefined, about);
    this.#sent.push(bundle.seal());
    this.parts.push(parts);
    return this.#number;
  }

  flushEarly(inFlight: number): void {
    this.inFlight.push(inFlight);
  }

  isInHands(bundle: number, received: number): boolean {
    return bundle <= received;
  }

  /** What is sent from now on travels in another bundle. */
  nextBundle(): void {
    this.#number++;
  }

  /** What was sent since this was last asked, in words. */
  sent(): string[] {
    return frameWords(this.#sent.splice(0));
  }
}

/** A frame as it is seen while its bundle is read. */
export function frame(kind: number, id: number, value: unknown = 0): FrameView {
  return payloadFrame(kind, id, { text: JSON.stringify(value), ext: false, parts: undefined });
}

/** The same of an encoded value. */
export function payloadFrame(kind: number, id: number, payload: Payload): FrameView {
  const open = new BundleBuilder('g', 0);
  open.addPayload(kind, id, payload);
  const seen: FrameView[] = [];
  readFrames(open.seal(), view => seen.push(view));
  return seen[0]!;
}
