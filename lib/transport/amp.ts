// The framing of PM2's sockets (AMP), reading and writing: one byte of version and number of arguments, then for each
// argument its length and bytes. Arguments are text with a prefix, `s:` a string and `j:` JSON; nothing is parsed here.

/** A frame has at most so many arguments: four bits. */
const MOST_ARGUMENTS = 15;
const VERSION = 1;

export class AmpReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Fewer bytes than this don't hold the next frame. */
  #needed = 1;

  constructor(private readonly onFrame: (args: readonly Buffer[]) => void) {}

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // What isn't whole is put together once, not at each chunk.
    if (this.#bytes < this.#needed) return;
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    for (;;) {
      const length = this.#frameLength(rest);
      if (length === undefined) break;
      const frame = rest.subarray(0, length);
      rest = rest.subarray(length);
      this.onFrame(argumentsOf(frame));
    }
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
  }

  /** The length of the frame that `bytes` begins with; `undefined`: it isn't whole yet. */
  #frameLength(bytes: Buffer): number | undefined {
    let at = 1;
    this.#needed = at;
    if (bytes.length < at) return undefined;
    for (let left = bytes[0]! & MOST_ARGUMENTS; left > 0; left--) {
      this.#needed = at + 4;
      if (bytes.length < this.#needed) return undefined;
      at += 4 + bytes.readUInt32BE(at);
      this.#needed = at;
    }
    return bytes.length < at ? undefined : at;
  }
}

function argumentsOf(frame: Buffer): Buffer[] {
  const args: Buffer[] = [];
  for (let at = 1; at < frame.length; ) {
    const end = at + 4 + frame.readUInt32BE(at);
    args.push(frame.subarray(at + 4, end));
    at = end;
  }
  return args;
}

/** A frame with these arguments, prefixes included. */
export function ampFrame(args: readonly string[]): Buffer {
  const parts: Buffer[] = [Buffer.from([(VERSION << 4) | args.length])];
  for (const arg of args) {
    const text = Buffer.from(arg);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    parts.push(length, text);
  }
  return Buffer.concat(parts);
}
