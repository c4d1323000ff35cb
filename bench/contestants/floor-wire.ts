// How the relay's floor packs a value for a channel of the cluster.

/** A string or bytes as they are; bytes on a channel of JSON; anything else as JSON, which the primary needn't read. */
export type Wire = string | Uint8Array | { readonly base64: string } | { readonly json: string };

const carriesBytes = process.env.BENCH_SERIALIZATION === 'advanced';

export function encode(value: unknown): Wire {
  if (typeof value === 'string') return value;
  if (!Buffer.isBuffer(value)) return { json: JSON.stringify(value) };
  return carriesBytes ? value : { base64: value.toString('base64') };
}

export function decode(wire: Wire): unknown {
  if (typeof wire === 'string') return wire;
  if (wire instanceof Uint8Array) return Buffer.from(wire.buffer, wire.byteOffset, wire.byteLength);
  return 'json' in wire ? JSON.parse(wire.json) : Buffer.from(wire.base64, 'base64');
}
