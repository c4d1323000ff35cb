import test from 'ava';
import { readFrames } from '../../../lib/protocol/frame-reader.js';
import { BundleBuilder } from '../../../lib/protocol/frames.js';
import type { Part } from '../../../lib/protocol/payload.js';
import { encodeAck, encodeBundle, encodeHandshake, What } from '../../../lib/route/direct/wire.js';
import { type ReadBundle, WireReader } from '../../../lib/route/direct/wire-reader.js';

class Received {
  readonly heard: string[] = [];
  readonly bundles: ReadBundle[] = [];
  readonly reader = new WireReader({
    fields: (what, words) => this.heard.push(`words ${what} ${JSON.stringify(words)}`),
    ack: number => this.heard.push(`ack ${number}`),
    final: number => this.heard.push(`final ${number}`),
    bundle: (number, received, bundle) => {
      this.heard.push(`bundle ${number} ${received}`);
      this.bundles.push(bundle);
    },
  });
}

function bundle(number: number, ...frames: [kind: number, id: number, text: string, parts?: Part[]][]): BundleBuilder {
  const open = new BundleBuilder('g', 7, undefined, number);
  for (const [kind, id, text, parts] of frames) open.add(kind, id, text, parts);
  return open;
}

function trusted(): WireReader {
  const { reader } = new Received();
  reader.trust();
  return reader;
}

const bytesOf = (open: BundleBuilder, received = 0): Buffer => Buffer.concat(encodeBundle(open, received));

function calls(number: number, ...methods: string[]): BundleBuilder {
  const open = new BundleBuilder('g', 7, undefined, number);
  for (const [i, method] of methods.entries())
    open.add(1, i, '[]', undefined, { method, deadline: i === 0 ? Number.POSITIVE_INFINITY : 2 ** 33 });
  return open;
}

const LARGE = Buffer.alloc(100_000, 'ab');
const BUNDLES = [
  bundle(1, [1, 2 ** 45 + 3, '["get",null,[]]']),
  bundle(2 ** 33, [65, 1, '0'], [2, 2, '"ü€😀"'], [3, 3, '{}']),
  bundle(3, [1, 1, '[1]', ['long', LARGE, Buffer.from('bytes'), 'ünf']], [1, 2, '[2]', [Buffer.alloc(0), '', LARGE]]),
  calls(4, 'get', 'gét', 'get'),
];

test('what is written arrives, however it is cut', t => {
  const bytes = Buffer.concat([
    encodeHandshake(What.WELCOME, { received: 1 }),
    ...BUNDLES.map((open, i) => bytesOf(open, i)),
    encodeAck(5),
    encodeAck(6, What.FINAL),
  ]);
  for (const size of [1, 2, 3, 4, 5, 7, 33, 34, 35, 1000, 65_536, bytes.length]) {
    const { reader, heard, bundles } = new Received();
    reader.trust();
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    t.deepEqual(heard, [
      'words 2 {"received":1}',
      'bundle 1 0',
      `bundle ${2 ** 33} 1`,
      'bundle 3 2',
      'bundle 4 3',
      'ack 5',
      'final 6',
    ]);
    t.deepEqual(
      bundles.map(framesOf),
      BUNDLES.map(open => framesOf(open.seal())),
      `cut into ${size}`,
    );
  }
});

function framesOf(read: ReadBundle): unknown[] {
  const frames: unknown[] = [];
  readFrames({ g: 'g', t: 7, ...read }, ({ kind, ext, id, json, method, deadline, parts }) => {
    const about = method === undefined ? undefined : [method, deadline];
    frames.push([kind, ext, id, json, about, parts?.map(part => (typeof part === 'string' ? part : part.toString()))]);
  });
  return frames;
}

test('large bytes are written as they are, and come in memory of their own', t => {
  const written = encodeBundle(BUNDLES[2]!, 0);
  t.is(written.length, 3);
  t.is(written[1], LARGE);
  const { reader, bundles } = new Received();
  reader.trust();
  for (let at = 0, bytes = Buffer.concat(written); at < bytes.length; at += 1000)
    reader.push(bytes.subarray(at, at + 1000));
  const part = bundles[0]!.p![1] as Buffer;
  t.true(part.equals(LARGE));
  t.true(part.buffer.byteLength < 2 * LARGE.length + 1000);
});

test('what came stays as it was while more comes', t => {
  const texts = ['a', 'b', 'c', 'd'].map(letter => letter.repeat(300_000));
  const { reader, bundles } = new Received();
  reader.trust();
  for (const [i, text] of texts.entries()) {
    const bytes = bytesOf(bundle(i + 1, [1, 1, '[1]', i % 2 ? [text] : [text, Buffer.from(text)]]));
    // The first time so that the beginning doesn't tell what is in it.
    const first = i === 1 ? 40 : 65_536;
    reader.push(bytes.subarray(0, first));
    for (let at = first; at < bytes.length; at += 65_536) reader.push(bytes.subarray(at, at + 65_536));
  }
  t.deepEqual(
    bundles.map(({ p }) => p!.map(String)),
    texts.map((text, i) => (i % 2 ? [text] : [text, text])),
  );
});

test('before the peer has proved itself nothing large is read, and no data at all', t => {
  t.throws(() => new Received().reader.push(bytesOf(BUNDLES[2]!)), { message: /at most 8192/ });
  const { reader, heard } = new Received();
  for (const bytes of [bytesOf(BUNDLES[0]!), encodeAck(1), encodeAck(1, What.FINAL)])
    t.throws(() => new Received().reader.push(bytes), { message: /shows who sends it/ });
  // The longest name that there is.
  reader.push(encodeHandshake(What.HELLO, { group: '\0'.repeat(512) } as never));
  t.is(heard.length, 1);
});

test('once it is stopped nothing is read, not even of what was pushed', t => {
  const heard: number[] = [];
  const reader = new WireReader({
    fields() {},
    ack: number => {
      heard.push(number);
      reader.stop();
    },
    final() {},
    bundle() {},
  });
  reader.trust();
  reader.push(Buffer.concat([encodeAck(1), encodeAck(2), Buffer.alloc(3)]));
  t.deepEqual(heard, [1]);
});

function good(): Buffer {
  const open = new BundleBuilder('g', 7, undefined, 1);
  open.add(1, 1, '[1]', ['ab', Buffer.from('cd')], { method: 'm', deadline: 1 });
  return bytesOf(open);
}

/** A good message with one thing wrong in it. */
const BROKEN: Readonly<Record<string, (bytes: Buffer) => void>> = {
  'a length of nothing': bytes => bytes.writeUInt32LE(0, 0),
  'a length beyond all': bytes => bytes.writeUInt32LE(2 ** 32 - 1, 0),
  'an unknown message': bytes => bytes.writeUInt8(99, 4),
  'words that are none': bytes => bytes.writeUInt8(What.HELLO, 4),
  'a number that is none': bytes => bytes.writeDoubleLE(0.5, 5),
  'a negative number': bytes => bytes.writeDoubleLE(-1, 13),
  'no frames': bytes => bytes.writeUInt32LE(0, 22),
  'too many frames': bytes => bytes.writeUInt32LE(2 ** 31, 22),
  'a text that is too long': bytes => bytes.writeUInt32LE(1000, 26),
  'a text that is too short': bytes => bytes.writeUInt32LE(2, 26),
  'too many parts': bytes => bytes.writeUInt32LE(3, 30),
  'no parts': bytes => bytes.writeUInt32LE(0, 30),
  'too much that it is about': bytes => bytes.writeUInt32LE(100, 34),
  'a call about what is not there': bytes => bytes.writeUInt32LE(1025, 38),
  'a frame that is too long': bytes => bytes.writeUInt32LE(4, 38 + 10),
  'a frame with too many parts': bytes => bytes.writeUInt32LE(3, 38 + 14),
  'a part that is too long': bytes => bytes.writeUInt32LE(100, 38 + 18 + 1),
  'a part that is too short': bytes => bytes.writeUInt32LE(1, 38 + 18 + 1),
  'what it is about that is no JSON': bytes => bytes.write('?', 38 + 18 + 10),
  'what it is about that is no list': bytes => {
    const start = 38 + 18 + 10;
    bytes.fill('1', start, start + bytes.readUInt32LE(34));
  },
};

for (const [title, spoil] of Object.entries(BROKEN)) {
  test(`${title} is refused`, t => {
    const bytes = good();
    spoil(bytes);
    const { reader, heard } = new Received();
    reader.trust();
    const error = t.throws(() => reader.push(Buffer.concat([bytes])));
    t.is((error as { code?: string }).code, 'ERR_PROTOCOL', error.message);
    t.deepEqual(heard, []);
  });
}

test('bytes that are no Buffer are read too', t => {
  const acks: number[] = [];
  const reader = new WireReader({ fields() {}, ack: number => acks.push(number), final() {}, bundle() {} });
  reader.trust();
  reader.push(new Uint8Array(encodeAck(7)));
  t.deepEqual(acks, [7]);
});

test('what is too short for what it says it is, is refused', t => {
  for (const what of [What.ACK, What.BUNDLE]) {
    t.throws(() => trusted().push(Buffer.from([2, 0, 0, 0, what, 0])), { message: /must be (a whole|complete)/ });
  }
});

test('parts without frames that have them are refused', t => {
  const bytes = bytesOf(bundle(1, [1, 1, '[1]']));
  const longer = Buffer.concat([bytes, Buffer.alloc(1)]);
  longer.writeUInt32LE(longer.length - 4, 0);
  t.throws(() => trusted().push(longer), { message: /as long as it says/ });
});
