// The register of a simulated fleet: one record with compare-and-swap, and what a server may do to it.

import { type FleetRecord, isReadable, parseRecord, type UnreadableRecord } from '../../../lib/fleet/record.js';

export interface Version {
  /** 0: there is no record. */
  readonly revision: number;
  /** Undefined, with a revision, if somebody deleted it. */
  readonly record: FleetRecord | UnreadableRecord | undefined;
}

const NOTHING: Version = { revision: 0, record: undefined };

export class Store {
  /** All that was written; a store that loses data forgets the last ones. */
  #versions: Version[] = [NOTHING];
  /** The revisions that were lost, and are given again. */
  #leastLost = Number.POSITIVE_INFINITY;
  #mostLost = 0;
  reads = 0;
  writes = 0;

  get current(): Version {
    return this.#versions.at(-1)!;
  }

  /** What the record was some versions ago: the answer of a server that has missed them. */
  stale(versions: number): Version {
    return this.#versions[Math.max(0, this.#versions.length - 1 - versions)]!;
  }

  read(): Version {
    this.reads++;
    return this.current;
  }

  write(record: FleetRecord, expected: number): number | 'conflict' {
    this.writes++;
    if (this.current.revision !== expected) return 'conflict';
    return this.put(record);
  }

  /** Without a comparison. */
  put(record: Version['record']): number {
    const revision = this.current.revision + 1;
    this.#versions.push({ revision, record });
    return revision;
  }

  /** The server has lost the last versions, or all of them. */
  goBack(versions: number): void {
    const lost = this.current.revision;
    this.#versions.length = Math.max(1, this.#versions.length - versions);
    this.#leastLost = Math.min(this.#leastLost, this.current.revision + 1);
    this.#mostLost = Math.max(this.#mostLost, lost);
  }

  /** Who has seen this revision may take another version for it. */
  isReused(revision: number): boolean {
    return revision >= this.#leastLost && revision <= this.#mostLost;
  }
}

/** A record that this release can't write, or can't read, would only be noticed by another host. */
export function assertReadable(record: FleetRecord): void {
  const read = parseRecord(JSON.stringify(record));
  if (!isReadable(read)) throw new Error(`It can't be read: ${JSON.stringify(record)}`);
}
