// The errors that the members of a group receive when a real client could not be opened, or broke. If other programs can
// read the control plane, as on PM2's bus or in the register of a fleet, the message, stack and properties stay in the worker: they may contain passwords.

import { encodeError } from '../codec/encode-error.js';
import { readError } from '../codec/read-error.js';
import { openErrorElsewhere } from '../errors/warnings.js';
import { toPortable } from '../protocol/pack-parts.js';
import type { Payload, PortablePayload } from '../protocol/payload.js';
import type { Link } from './link.js';

export class PortableErrors {
  /** The last error that this process sent, and its text on the wire. */
  #own: { readonly text: string; readonly error: Error } | undefined;

  constructor(private readonly link: Pick<Link, 'kind' | 'self'>) {}

  /** What the other members may know about the error. */
  send(payload: Payload): PortablePayload {
    const whole = toPortable(payload);
    const { kind, self } = this.link;
    if (kind !== 'pm2' && kind !== 'fleet') return whole;
    const error = readError(whole);
    const portable = toPortable(encodeError(briefly(error, kind === 'fleet' ? undefined : self.workerId)));
    this.#own = { text: portable.text, error };
    return portable;
  }

  /** Decodes an error. If this process sent it, returns the original. */
  read(payload: PortablePayload): Error {
    return this.#own?.text === payload.text ? this.#own.error : readError(payload);
  }
}

/** Only the name and the code: identifiers chosen by a program, never user data. */
function briefly({ name, code }: Error & { readonly code?: unknown }, workerId: number | undefined): Error {
  const portable: Error & { code?: string | number } = new Error();
  portable.name = /^[A-Za-z_$][\w$]{0,59}$/.test(name) ? name : 'Error';
  if (typeof code === 'number' || (typeof code === 'string' && /^[A-Z\d_]{1,40}$/.test(code))) portable.code = code;
  portable.message = openErrorElsewhere(workerId, portable.name, portable.code);
  portable.stack = `${portable.name}: ${portable.message}`;
  return portable;
}
