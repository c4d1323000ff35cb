// Bytes as who writes to a connection hands them over.

import { HEAD_BYTES } from '../../../lib/transport/direct.js';

/** With room in front of them for what the connection writes there. */
export function written(data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([Buffer.alloc(HEAD_BYTES), bytes]).subarray(HEAD_BYTES);
}
