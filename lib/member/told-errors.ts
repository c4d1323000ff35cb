// What the members of a group are told of a real client that could not be opened, or broke. Where others read the control
// plane too, as on PM2's bus, its message, stack and properties stay in its worker: passwords stand in such texts.

import { encodeError } from '../codec/encode-error.js';
import { readError } from '../codec/read-error.js';
import { openErrorElsewhere } from '../errors/warnings.js';
import { toPortable } from '../protocol/pack-parts.js';
import type { Payload, PortablePayload } from '../protocol/payload.js';
import type { Link } from './link.js';

export class ToldErrors {
  /** What we told last, and of what. */
  #own: { readonly text: string; readonly error: Error } | undefined;

  constructor(private readonly link: Pick<Link, 'kind' | 'self'>) {}

  /** What the others may know. */
  send(payload: Payload): PortablePayload {
    const whole = toPortable(payload);
    if (this.link.kind !== 'pm2') return whole;
    const error = readError(whole);
    const told = toPortable(encodeError(briefly(error, this.link.self.workerId)));
    this.#own = { text: told.text, error };
    return told;
  }

  /** Whatever was told becomes an error; what was told here, the one that it was. */
  read(told: PortablePayload): Error {
    return this.#own?.text === told.text ? this.#own.error : readError(told);
  }
}

/** A name and a code: words that a program chose, and nothing that somebody typed. */
function briefly({ name, code }: Error & { readonly code?: unknown }, workerId: number): Error {
  const told: Error & { code?: string | number } = new Error();
  told.name = /^[A-Za-z_$][\w$]{0,59}$/.test(name) ? name : 'Error';
  if (typeof code === 'number' || (typeof code === 'string' && /^[A-Z\d_]{1,40}$/.test(code))) told.code = code;
  told.message = openErrorElsewhere(workerId, told.name, told.code);
  told.stack = `${told.name}: ${told.message}`;
  return told;
}
