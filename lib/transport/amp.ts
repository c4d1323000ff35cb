// Reads and writes the framing of PM2's sockets (AMP): one byte with version and number of arguments, then length and bytes
// of each argument. Arguments are strings with a prefix: `s:` for a string, `j:` for JSON. They are not parsed here.

/** Maximum number of arguments per frame: the count has four bits. */
const MOST_ARGUMENTS = 15;
const VERSION = 1;

export class AmpReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** The next frame needs at least this many bytes. */
  #needed = 1;

  constructor(private readonly onFrame: (args: readonly Buffer[]) => void) {}

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // Joins the chunks once per frame instead of once per chunk.
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

  /** The length of the first frame in `bytes`; `undefined` if it is incomplete. */
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

/** A frame with these arguments, including their prefixes. */
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
