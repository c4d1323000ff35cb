// What is shown of a secret in place of the secret.

import { createHmac, timingSafeEqual } from 'node:crypto';

/** What only who knows `key` can make of these words. */
export function sign(key: string, words: readonly unknown[]): string {
  return createHmac('sha256', key).update(JSON.stringify(words)).digest('base64url');
}

/** Compares in a time that depends only on the length. */
export function isSameSecret(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * What one member of a term is given of the secret of that term: it shows by it that it is the member of this worker, and
 * can't show that it is another's.
 */
export function memberKey(secret: string, group: string, term: number, workerId: number): string {
  return sign(secret, ['member', group, term, workerId]);
}
