import test from 'ava';
import { AmpReader, ampFrame } from '../../lib/transport/amp.js';

/** What is read of these chunks, as text. */
function read(chunks: readonly Buffer[]): string[][] {
  const frames: string[][] = [];
  const reader = new AmpReader(args => frames.push(args.map(arg => arg.toString())));
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

const FRAMES = [['s:a', 'j:{"b":1}'], [], ['s:'], ['s:ü', 'j:"ß"', 's:c'.repeat(1000)]];
const BYTES = Buffer.concat(FRAMES.map(ampFrame));

test('a frame is a version, a number of arguments, and each argument after its length', t => {
  t.deepEqual([...ampFrame(['s:a'])], [0x11, 0, 0, 0, 3, 0x73, 0x3a, 0x61]);
});

test('frames are read however they are cut', t => {
  t.deepEqual(read([BYTES]), FRAMES);
  for (const size of [1, 2, 3, 7, 1000]) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < BYTES.length; at += size) chunks.push(BYTES.subarray(at, at + size));
    t.deepEqual(read(chunks), FRAMES);
  }
});

test('a frame of 10 MB in small pieces is put together in time that is in proportion', t => {
  const frame = ampFrame(['s:a', 'x'.repeat(10_000_000)]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < frame.length; at += 65_536) chunks.push(frame.subarray(at, at + 65_536));
  const copied = countCopied(() => t.is(read(chunks)[0]![1]!.length, 10_000_000));
  t.true(copied < 3 * frame.length, `${copied} bytes`);
});

/** The bytes that were put together meanwhile. */
function countCopied(run: () => void): number {
  const { concat } = Buffer;
  let bytes = 0;
  Buffer.concat = (list, length) => {
    const all = concat(list, length);
    bytes += all.length;
    return all;
  };
  try {
    run();
  } finally {
    Buffer.concat = concat;
  }
  return bytes;
}
