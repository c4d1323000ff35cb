// What one worker heard on its channel of its leases: a term that it leads is its to act in once the primary has answered a
// heartbeat that it sent after it knew of the term.

import type { WorkerEnd } from '../../lib/transport/transport.js';

interface Frame {
  readonly k: string;
  /** Of who says hello. */
  readonly id?: string;
  /** The number of a heartbeat. */
  readonly n?: number;
  readonly group?: string;
  readonly term?: number;
  readonly leader?: { readonly workerId: number };
}

interface Appointment {
  readonly term: number;
  /** The first heartbeat that may be a lease for it. */
  readonly first: number;
}

export class LeaseWitness {
  #id: string | undefined;
  #sent = 0;
  #answered = 0;
  readonly #appointments = new Map<string, Appointment>();

  constructor(private readonly workerId: number) {}

  watch(end: WorkerEnd): WorkerEnd {
    return {
      ...end,
      listen: handlers =>
        end.listen({
          ...handlers,
          message: (message, via) => {
            for (const frame of framesOf(message)) this.#read(frame);
            handlers.message(message, via);
          },
        }),
      send: (message, written, via) => {
        for (const frame of framesOf(message)) this.#wrote(frame);
        end.send(message, written, via);
      },
    };
  }

  /** Whether the primary gave it a lease for this term, however long ago. */
  has(group: string, term: number): boolean {
    const appointment = this.#appointments.get(group);
    return appointment?.term === term && this.#answered >= appointment.first;
  }

  #wrote({ k, id, n = 0 }: Frame): void {
    if (k === 'heartbeat') this.#sent = n;
    if (k !== 'hello' || id === this.#id) return;
    // After all handles of a worker were closed, the next one begins anew.
    this.#id = id;
    this.#sent = 0;
    this.#answered = 0;
  }

  #read({ k, n = 0, group, term = 0, leader }: Frame): void {
    if (k === 'ack') this.#answered = n;
    const isAppointed = k === 'update' && leader?.workerId === this.workerId;
    if (isAppointed && this.#appointments.get(group!)?.term !== term)
      this.#appointments.set(group!, { term, first: this.#sent + 1 });
  }
}

const framesOf = (message: unknown): readonly Frame[] => (message as { readonly c?: readonly Frame[] }).c ?? [];
