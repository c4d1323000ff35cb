// Both ends of a connection prove that they know the member's key, without sending it:
//
//   follower ── HELLO: identity, a nonce ───────────────────────────► leader
//   follower ◄───────── CHALLENGE: a nonce, the leader's proof ────── leader
//   follower ── PROOF: the follower's proof ────────────────────────► leader
//   follower ◄──────────────────────────────────────────── WELCOME ── leader
//
// A proof signs both nonces and all fields of the hello. It includes the side that made it, so it cannot be reflected. That of a
// follower on another machine includes a reading of its clock.

import { newId } from '../../protocol/ids.js';
import { isSameSecret, sign } from '../../utils/secret.js';
import type { Challenge, DirectHello, Proof } from './wire.js';

/** Maximum length of a nonce. */
const MOST_NONCE = 64;

const signHello = (
  side: 'leader' | 'follower',
  key: string,
  hello: DirectHello,
  nonce: string,
  now?: number,
): string => {
  const { group, term, from, stream, goesOn, received, hasNoRelay } = hello;
  const words = [side, group, term, from, stream, goesOn, received, hasNoRelay, hello.nonce, nonce];
  return sign(key, now === undefined ? words : [...words, now]);
};

/** The leader's half: its challenge, and the check of the follower's proof. */
export class Challenger {
  readonly challenge: Challenge;

  constructor(
    readonly hello: DirectHello,
    private readonly key: string,
  ) {
    const nonce = newId();
    this.challenge = { nonce, proof: signHello('leader', key, hello, nonce) };
  }

  isProved(fields: unknown): fields is Proof {
    const { proof, now } = (fields ?? {}) as Record<string, unknown>;
    const { hello, key, challenge } = this;
    if (typeof proof !== 'string' || (now !== undefined && typeof now !== 'number')) return false;
    return isSameSecret(proof, signHello('follower', key, hello, challenge.nonce, now));
  }
}

/**
 * The follower's half.
 * @param now the follower's clock, if it is on another machine
 * @returns the proof; `undefined` if the challenge does not come from the leader
 */
export function answerChallenge(hello: DirectHello, key: string, fields: unknown, now?: number): Proof | undefined {
  const { nonce, proof } = (fields ?? {}) as Record<string, unknown>;
  if (!isNonce(nonce) || typeof proof !== 'string') return undefined;
  if (!isSameSecret(proof, signHello('leader', key, hello, nonce))) return undefined;
  return { proof: signHello('follower', key, hello, nonce, now), ...(now !== undefined && { now }) };
}

export function isHello(fields: unknown): fields is DirectHello {
  if (typeof fields !== 'object' || fields === null) return false;
  const { group, term, nonce, from, stream, goesOn, received, hasNoRelay } = fields as Record<string, unknown>;
  return (
    typeof group === 'string' &&
    isNonce(nonce) &&
    [term, from, stream, received].every(number => Number.isSafeInteger(number) && (number as number) >= 0) &&
    typeof goesOn === 'boolean' &&
    typeof hasNoRelay === 'boolean'
  );
}

const isNonce = (value: unknown): value is string => typeof value === 'string' && value.length <= MOST_NONCE;
