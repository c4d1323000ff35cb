// The frames of the direct route's floor: one write a tick. Values are encoded as the library does it: JSON for plain ones, long
// strings and bytes as they are.

import type { Socket } from 'node:net';

export type Take = (id: number, value: unknown) => void;

/** u32 bytes that follow | u32 bytes of JSON | [id, value | [length, isString], ...] as JSON | the raw values */
export function batcher(write: (part: Buffer) => void): Take {
  let texts: string[] = [];
  let raws: Buffer[] = [];
  const flush = () => {
    const text = Buffer.from(`[${texts.join(',')}]`, 'latin1');
    const head = Buffer.allocUnsafe(8);
    head.writeUInt32LE(4 + text.length + raws.reduce((sum, { length }) => sum + length, 0), 0);
    head.writeUInt32LE(text.length, 4);
    write(Buffer.concat([head, text]));
    for (const raw of raws) write(raw);
    texts = [];
    raws = [];
  };
  return (id, value) => {
    if (texts.length === 0) process.nextTick(flush);
    const isString = typeof value === 'string';
    if (!isString && !Buffer.isBuffer(value)) return void texts.push(`${id},${JSON.stringify(value)}`);
    const raw = isString ? Buffer.from(value, 'latin1') : value;
    texts.push(`${id},[${raw.length},${isString}]`);
    raws.push(raw);
  };
}

export function read(socket: Socket, take: Take): void {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let wanted = 4;
  socket.on('data', chunk => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < wanted) return;
    let all = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    while (all.length >= 4) {
      wanted = 4 + all.readUInt32LE(0);
      if (all.length < wanted) break;
      takeBatch(all.subarray(4, wanted), take);
      all = all.subarray(wanted);
      wanted = 4;
    }
    chunks = [all];
    bytes = all.length;
  });
}

function takeBatch(batch: Buffer, take: Take): void {
  const length = batch.readUInt32LE(0);
  const values = JSON.parse(batch.toString('latin1', 4, 4 + length)) as unknown[];
  let at = 4 + length;
  for (let i = 0; i < values.length; i += 2) {
    const value = values[i + 1];
    if (!Array.isArray(value)) {
      take(values[i] as number, value);
      continue;
    }
    const [size, isString] = value as [number, boolean];
    const raw = batch.subarray(at, at + size);
    take(values[i] as number, isString ? raw.toString('latin1') : raw);
    at += size;
  }
}
