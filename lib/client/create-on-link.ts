// Creates a shared client on a link of its own, instead of that of the process.

import type { Link } from '../member/link.js';
import { Member } from '../member/member.js';
import { resolveCreateArguments, resolveWithOptions } from '../options/options.js';
import { ClientCore } from './client-core.js';
import { Shape } from './handle.js';
import type { CreateSharedClient } from './types.js';

/** @returns a function that may be called once */
export function createOnLink(link: Link, defaults: { readonly drainTimeoutMs: number }): CreateSharedClient {
  const create = (first: unknown, second?: unknown) => {
    const { member: options, handle } = resolveCreateArguments(first, second, { eligible: true, ...defaults });
    const member = new Member(options, link);
    const shape = new Shape(options, handle.methodNames);
    member.start();
    const core = new ClientCore(
      member,
      handle,
      names => shape.announce(names),
      () => member.leave(),
    );
    return shape.create(core, resolveWithOptions());
  };
  return create as unknown as CreateSharedClient;
}
