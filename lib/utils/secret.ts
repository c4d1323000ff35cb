// Proofs that a process knows a secret, which do not reveal it.

import { createHmac, timingSafeEqual } from 'node:crypto';

/** A signature of these words, which only a process that knows `key` can create. */
export function sign(key: string, words: readonly unknown[]): string {
  return createHmac('sha256', key).update(JSON.stringify(words)).digest('base64url');
}

/** Compares in a time that depends only on the length of the texts. */
export function isSameSecret(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * The key of one member, derived from the secret of a term. It proves that the member belongs to this worker, and cannot
 * be used to pose as another worker's.
 */
export function memberKey(secret: string, group: string, term: number, workerId: number): string {
  return sign(secret, ['member', group, term, workerId]);
}
