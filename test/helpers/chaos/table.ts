// A real client without a server: what it holds lives and dies with its leader.

export type Places = readonly (readonly [worker: string, value: number])[];

export class Table {
  readonly #places = new Map<string, number>();

  async publish(worker: string, value: number): Promise<void> {
    this.#places.set(worker, value);
  }

  async unpublish(worker: string): Promise<void> {
    this.#places.delete(worker);
  }

  async places(): Promise<Places> {
    return [...this.#places];
  }

  async one(): Promise<number> {
    return 1;
  }

  async fill(bytes: number): Promise<Uint8Array> {
    return fill(bytes);
  }

  async check(bytes: Uint8Array, length: number): Promise<boolean> {
    return isFilled(bytes, length);
  }

  async close(): Promise<void> {}
}

/** Bytes that depend on their number. */
export const fill = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(1 + (bytes % 255));

export const isFilled = (bytes: Uint8Array, length: number): boolean => Buffer.compare(bytes, fill(length)) === 0;
