// The clients of one name in this process. They share one member of the core, and the oldest of them represents it.

import { accessOf } from '../client/shared.js';
import type { CreateSharedClient, SharedClientMembers } from '../client/types.js';
import { groupOf, type ResolvedOptions } from './options.js';
import { type ClientAdapter, type ClientSpec, type EventSink, openRealClient, ROLES } from './real-client.js';

export type Handle = SharedClientMembers<object>;

/** A client, as its group uses it. */
export interface GroupClient extends EventSink {
  readonly options: ResolvedOptions;
  readonly recipe: ClientSpec;
  /** The real client could not be closed. */
  closeFailed(error: unknown): void;
}

/** All groups of a process. */
export class CompatGroups {
  readonly #groups = new Map<string, CompatGroup>();

  constructor(private readonly createSharedClient: CreateSharedClient) {}

  join(client: GroupClient): { group: CompatGroup; handle: Handle } {
    const name = groupOf(client.options);
    const group = this.#groups.get(name) ?? new CompatGroup(name, client.options);
    const handle = group.join(client, this.createSharedClient);
    this.#groups.set(name, group);
    return { group, handle };
  }

  /** Closes the client's handle. Once all clients of a group are leaving, the next one gets a new group and real client. */
  async leave(group: CompatGroup, client: GroupClient, handle: Handle): Promise<void> {
    const closed = handle.close();
    group.retire(client);
    if (group.isRetired && this.#groups.get(group.name) === group) this.#groups.delete(group.name);
    await closed;
    group.leave(client);
  }
}

export class CompatGroup {
  /** Each client with its handle, the oldest first. */
  readonly #clients = new Map<GroupClient, Handle>();
  readonly #retired = new Set<GroupClient>();
  readonly #options: ResolvedOptions;

  constructor(
    readonly name: string,
    /** The options of the first client. Those of the member are taken from them. */
    options: ResolvedOptions,
  ) {
    this.#options = options;
  }

  /** All of its clients are about to leave. */
  get isRetired(): boolean {
    return this.#clients.size === this.#retired.size;
  }

  /** Whether this client represents the member if that leads. In single mode all clients do. */
  represents(client: GroupClient): boolean {
    return this.#representatives.includes(client);
  }

  join(client: GroupClient, createSharedClient: CreateSharedClient): Handle {
    const { maxWaitTime, singleMode, isLeader } = this.#options;
    const { responseTimeout: timeoutMs, maxWaitTime: readyTimeoutMs } = client.options;
    const [known] = this.#clients.values();
    const eligible = known ? accessOf(known).isEligible : eligibleFor([client]);
    const handle = createSharedClient<ClientAdapter>({
      name: this.name,
      open: this.#open,
      close: this.#close,
      methods: ROLES,
      standalone: singleMode,
      openTimeoutMs: maxWaitTime,
      priority: isLeader === true ? 1 : 0,
      timeoutMs,
      readyTimeoutMs,
      ...(eligible !== undefined && !singleMode && { eligible }),
    }) as unknown as Handle;
    this.#clients.set(client, handle);
    this.#reconsider();
    return handle;
  }

  retire(client: GroupClient): void {
    this.#retired.add(client);
  }

  leave(client: GroupClient): void {
    this.#clients.delete(client);
    this.#retired.delete(client);
    this.#reconsider();
  }

  get #representatives(): readonly GroupClient[] {
    const clients = [...this.#clients.keys()];
    if (this.#options.singleMode) return clients;
    return clients.filter(({ options }) => options.isLeader !== false).slice(0, 1);
  }

  /** Whether the member may lead depends on its current clients. */
  #reconsider(): void {
    const [handle] = this.#clients.values();
    if (!handle || this.#options.singleMode) return;
    const access = accessOf(handle);
    const eligible = eligibleFor([...this.#clients.keys()]);
    if (eligible !== undefined && eligible !== access.isEligible) access.setEligible(eligible);
  }

  // One function for all clients of the group, because the core compares definitions.
  readonly #open = ({ signal }: { readonly signal: AbortSignal }): Promise<ClientAdapter> => {
    const [representative] = this.#representatives;
    return openRealClient(representative!.recipe, this.#sink, signal);
  };

  readonly #close = async (facade: ClientAdapter): Promise<void> => {
    try {
      await facade.close!();
    } catch (error) {
      for (const client of this.#representatives) client.closeFailed(error);
    }
  };

  readonly #sink: EventSink = {
    event: (name, args) => {
      for (const client of this.#representatives) client.event(name, args);
    },
    error: error => {
      for (const client of this.#representatives) client.error(error);
    },
  };
}

/** `undefined` means the default of the library. */
function eligibleFor(clients: readonly GroupClient[]): boolean | undefined {
  const settings = clients.map(({ options }) => options.isLeader ?? undefined);
  if (settings.includes(true)) return true;
  if (!settings.includes(undefined)) return false;
  // A client that may lead, beside one that never does.
  return settings.includes(false) ? true : undefined;
}
