// What a script is: its outcome is data, and is compared.

import type { World } from './world.js';

export interface Case {
  /** A sentence. */
  readonly title: string;
  readonly run: (world: World) => Promise<unknown> | unknown;
  /** The outcomes differ, on purpose: the name that the guide has for it, and both outcomes. */
  readonly differs?: { readonly name: string; readonly original: unknown; readonly compat: unknown };
}
