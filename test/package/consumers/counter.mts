// The real client of the apps.

export class Counter {
  #count = 0;
  readonly #checks = new Set<() => void>();

  async add(): Promise<number> {
    this.#count++;
    for (const check of this.#checks) check();
    return this.#count;
  }

  /** Resolves once somebody has counted that far. */
  reach(count: number): Promise<number> {
    return new Promise(resolve => {
      const check = () => {
        if (this.#count >= count) resolve(this.#count);
      };
      this.#checks.add(check);
      check();
    });
  }
}
