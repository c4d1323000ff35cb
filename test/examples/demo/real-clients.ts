// What the demo's two real clients have in common. Each is in a file of its own, loaded only where it is used.

import { callContext } from 'cluster-shared-client';
import type { Update } from '../../helpers/upstream/protocol.js';

/** Carries the term in which it was given, so that the demo can tell calls that outlived their leader. */
export interface Answer {
  readonly value: unknown;
  /** None where the client isn't shared. */
  readonly term: number | undefined;
}

/** How a worker reaches the upstream; travels in its environment. */
export type Address =
  | { readonly kind: 'embedded'; readonly path: string }
  | { readonly kind: 'redis'; readonly url: string; readonly clientName: string; readonly keys: RedisKeys };

export interface RedisKeys {
  readonly counter: string;
  readonly sequence: string;
}

/** What is done with either client, shared or not. */
export interface DemoCalls {
  /** Safe to run twice. */
  get(id: string): Promise<Answer>;
  /** Not safe to run twice. */
  incr(id: string): Promise<Answer>;
  publish(topic: string, message: string): Promise<unknown>;
}

export interface RealClient extends DemoCalls {
  ready(): Promise<void>;
  subscribe(topic: string, listener: (update: Update) => void): Promise<void>;
  unsubscribe(topic: string): Promise<void>;
  close(): Promise<void>;
}

/** To be called when the answer has come: `callContext()` goes along through every `await` of a call. */
export const answer = (value: unknown): Answer => ({ value, term: callContext()?.term });
