// Everything that exists once in a process: the kind of process, the link to the primary, the members, and the router.

import { ClientCore } from '../client/client-core.js';
import { Shape } from '../client/handle.js';
import { clashingNames } from '../client/reserved-names.js';
import { clientStatus } from '../client/status.js';
import { readError } from '../codec/read-error.js';
import { publishDiagnostic } from '../diagnostics/channels.js';
import type { DiagnosticsName } from '../diagnostics/messages.js';
import { alreadyConfigured, alreadySetUp, differentOption, notAPrimary, notUnderPm2 } from '../errors/option-errors.js';
import { noPrimaryInThread } from '../errors/primary-errors.js';
import { dataOnBus, hiddenMethods, listenerThrew } from '../errors/warnings.js';
import { appChoice } from '../group/choose.js';
import { classMethodNames } from '../leader/method-names.js';
import { Link } from '../member/link.js';
import { Member } from '../member/member.js';
import { FailoverBook } from '../metrics/failover-book.js';
import {
  type ConfigureOptions,
  differingMemberOption,
  differingOption,
  differingPrimaryOption,
  type MemberOptions,
  type PrimaryOptions,
  type ResolvedConfigureOptions,
  type ResolvedPrimaryOptions,
  resolveConfigureOptions,
  resolveCreateArguments,
  resolvePrimaryOptions,
  resolveWithOptions,
} from '../options/options.js';
import { findMetricSink, showMetrics } from '../pm2/metrics.js';
import type { SecretStore } from '../pm2/offers.js';
import { Pm2WorkerEnd } from '../pm2/worker-end.js';
import { newId } from '../protocol/ids.js';
import { shareConnections } from '../route/direct/shared-transport.js';
import { Primary } from '../router/primary.js';
import { Router } from '../router/router.js';
import type { Bus } from '../transport/bus.js';
import { createBusFallback } from '../transport/bus-fallback.js';
import { BusStreams } from '../transport/bus-streams.js';
import type { DirectTransport, Leftovers } from '../transport/direct.js';
import { createLocalPair } from '../transport/local.js';
import type { PrimaryEnd, WorkerEnd } from '../transport/transport.js';
import { bindToContext, neutralContext } from '../utils/async-context.js';
import type { Clock } from '../utils/clock.js';
import { createEmitter, type Emitter } from '../utils/emitter.js';
import { type Resigning, resignOnSignals, type SignalSource } from '../utils/resign-on-signals.js';

/** What the runtime needs from its environment. */
export type Platform = {
  readonly clock: Clock;
  /** Without it, members do not resign on signals. */
  readonly signals?: SignalSource;
} & (
  | {
      readonly where: 'primary';
      createPrimaryEnd(): PrimaryEnd;
      setSerialization(kind: 'json' | 'advanced'): void;
      readonly leftovers?: Leftovers;
    }
  | {
      readonly where: 'worker' | 'thread';
      createWorkerEnd(): WorkerEnd;
      /** Without it, there is no direct route. */
      createDirect?(): DirectTransport;
    }
  /** A worker of PM2's daemon. */
  | { readonly where: 'pm2'; readonly secrets: SecretStore; createBus(): Bus; createDirect(): DirectTransport }
);

export class Runtime {
  readonly #platform: Platform;
  readonly #members = new Map<string, RuntimeMember>();
  /** Members that are leaving. There may already be a new one with the same name. */
  readonly #leaving = new Set<Member>();
  /** The link of members that share with other processes, and the link of standalone members. */
  #shared: RuntimeLink | undefined;
  #standalone: RuntimeLink | undefined;
  /** The router for this process's own groups and, after `setupPrimary()`, for those of its workers. */
  #router: Router | undefined;
  #setUp:
    | { readonly primary: Primary; readonly options: ResolvedPrimaryOptions; readonly emitter: Emitter }
    | undefined;
  /** `bound`: with the app's hook bound to the context in which it was passed. */
  #configured: { readonly given: ResolvedConfigureOptions; readonly bound: ResolvedConfigureOptions } | undefined;
  readonly #measured = new Set<string>();
  readonly #failovers = new FailoverBook();

  constructor(world: Platform) {
    this.#platform = world;
  }

  setupPrimary(given?: PrimaryOptions): Primary {
    const world = this.#platform;
    if (world.where === 'pm2') throw notUnderPm2();
    if (world.where !== 'primary') {
      throw notAPrimary(world.where === 'thread' ? 'a worker thread' : 'a worker of the cluster');
    }
    if (this.#setUp) return again(this.#setUp, given);
    const options = resolvePrimaryOptions(given);
    if (options.serialization) world.setSerialization(options.serialization);
    const emitter: Emitter = createEmitter(cause => this.#emit('warning', { message: listenerThrew(), cause }));
    const end = world.createPrimaryEnd();
    const primary = new Primary(this.#ownRouter(), emitter, () => this.#close(end));
    this.#setUp = { primary, options, emitter };
    this.#ownRouter().configure(withBoundHook(options));
    this.#ownRouter().attach(end);
    // Members of the primary that led until now hand over to the first worker, unless their option `eligible` was set.
    this.#setDefaultEligibility(false);
    return primary;
  }

  configure(given: ConfigureOptions): void {
    const options = resolveConfigureOptions(given);
    if (this.#platform.where !== 'pm2') return;
    const known = this.#configured?.given;
    const option = known && differingOption(known, options);
    if (option !== undefined) throw alreadyConfigured(option);
    this.#configureOnce(options);
  }

  #configureOnce(given: ResolvedConfigureOptions) {
    this.#configured ??= { given, bound: withBoundHook(given) };
    return this.#configured;
  }

  createSharedClient(first: unknown, second: unknown): object {
    const { member: options, handle } = resolveCreateArguments(first, second, {
      eligible: !this.#setUp,
      drainTimeoutMs: this.#platform.where === 'pm2' ? PM2_DRAIN_MS : 5000,
    });
    if (this.#platform.where === 'thread' && !options.standalone) throw noPrimaryInThread();
    const entry = this.#memberFor(options, handle.methodNames);
    const { member, shape } = entry;
    shape.define(handle.methodNames);
    const define = (names: readonly string[]) => {
      shape.announce(names);
      shape.own(own);
    };
    const base = new ClientCore(member, handle, define, () => this.#release(entry));
    this.#warnOfHidden(base, options);
    const own = shape.create(base, resolveWithOptions());
    shape.own(own);
    return own;
  }

  /** Detaches the workers. The members in this process may lead again. */
  #close(end: PrimaryEnd): Promise<void> {
    const detached = this.#router!.detach(end);
    this.#setUp = undefined;
    this.#setDefaultEligibility(true);
    return detached;
  }

  #setDefaultEligibility(eligible: boolean): void {
    for (const { member } of this.#members.values()) {
      if (!member.options.eligibleGiven && !member.options.standalone) member.setEligible(eligible);
    }
  }

  #ownRouter(): Router {
    this.#router ??= new Router({
      clock: this.#platform.clock,
      options: resolvePrimaryOptions(),
      emit: (event, detail) => this.#emit(event, detail),
      readError,
      leftovers: (this.#platform as { readonly leftovers?: Leftovers }).leftovers,
    });
    return this.#router;
  }

  /** Emits events of the primary to its listeners and to the diagnostics channels. */
  #emit(event: string, detail: object): void {
    publishPrimaryDiagnostic(event, detail);
    this.#setUp?.emitter.emit(event, detail);
  }

  #memberFor(options: MemberOptions, methodNames: Iterable<string>): RuntimeMember {
    const known = this.#members.get(options.name);
    if (known && !known.member.isLeaving) {
      const option = differingMemberOption(known.member.options, options);
      if (option === undefined) return known;
      if (!known.member.isRetired) throw differentOption(option, options.name);
    }
    if (known) this.#leaving.add(known.member);
    // The link outlives its first user, so its connections and timers must not keep a context of the app.
    const link = neutralContext.runInAsyncScope(
      () => (options.standalone ? this.#standaloneLink() : this.#sharedLink()).link,
    );
    const member = new Member(options, link, this.#failovers.of(options.name));
    // All earlier members of the name must be gone first, because a process has only one member of a name.
    const free = known ? known.free.then(() => member.gone) : member.gone;
    const entry = { member, shape: new Shape(options, methodNames), free };
    this.#members.set(options.name, entry);
    if (this.#platform.signals) resignOnSignals(this.#platform.signals, options.resignOn, this.#resigning(member));
    this.#showMetrics(options.name);
    if (known) void known.free.then(() => member.start());
    else member.start();
    return entry;
  }

  /**
   * While the app continues to run, the member leads if no other may. Workers of PM2, which agree without a primary, don't
   * support that.
   */
  #resigning(member: Member): Resigning {
    const canGiveWay = this.#platform.where !== 'pm2';
    return {
      gone: member.gone,
      stepAside: async lives => {
        if (lives && canGiveWay) member.giveWay();
        else await member.stepAside();
      },
    };
  }

  /** Under PM2, if metrics can be shown. The metrics of a name remain when its member is replaced. */
  #showMetrics(name: string): void {
    const sink = this.#configured?.given.metrics && !this.#measured.has(name) ? findMetricSink() : undefined;
    if (!sink) return;
    this.#measured.add(name);
    showMetrics(sink, name, () => {
      const known = this.#members.get(name);
      return known && clientStatus(known.member);
    });
  }

  #sharedLink(): RuntimeLink {
    const world = this.#platform;
    if (world.where === 'primary') this.#shared ??= this.#localLink(this.#ownRouter());
    else if (world.where === 'pm2') this.#shared ??= this.#busLink(world.createBus(), world.secrets);
    else this.#shared ??= this.#link(world.createWorkerEnd());
    return this.#shared;
  }

  #standaloneLink(): RuntimeLink {
    const { clock } = this.#platform;
    this.#standalone ??= this.#localLink(
      new Router({ clock, options: resolvePrimaryOptions(), emit: publishPrimaryDiagnostic, readError }),
    );
    return this.#standalone;
  }

  #localLink(router: Router): RuntimeLink {
    const { primaryEnd, workerEnd } = createLocalPair(this.#platform.clock);
    router.attach(primaryEnd);
    return this.#link(workerEnd, () => void router.detach(primaryEnd));
  }

  /** Under PM2, no primary runs this library: the workers agree over the bus. */
  #busLink(bus: Bus, secrets: SecretStore): RuntimeLink {
    const { clock, signals } = this.#platform;
    const { chooseLeader, ...options } = this.#configureOnce(resolveConfigureOptions()).bound;
    const warn = this.#warn;
    const choose = chooseLeader && appChoice(chooseLeader, warn);
    const streams = options.busData ? new BusStreams(bus, clock) : undefined;
    const end = new Pm2WorkerEnd({ ...options, clock, bus: streams?.bus ?? bus, secrets, id: newId(), choose, warn });
    if (signals) resignOnSignals(signals, ['SIGINT'], { gone: end.isAside, stepAside: () => end.stepAside() });
    return this.#link(end, () => {}, streams);
  }

  /** `streams` is undefined if data may not be sent over the bus, or if there is no bus. */
  #createDirect(streams?: BusStreams): { createDirect?(): DirectTransport } {
    const world = this.#platform;
    // In the primary itself, no direct route is shorter than the relay.
    if (world.where !== 'worker' && world.where !== 'pm2') return {};
    const { clock, createDirect } = world;
    if (!createDirect) return {};
    const createShared = () => shareConnections(createDirect(), clock);
    if (!streams) return { createDirect: createShared };
    const onBus = (why: string) => this.#warn(dataOnBus(why));
    return { createDirect: () => createBusFallback({ clock, sockets: createShared(), streams, onBus }) };
  }

  #link(end: WorkerEnd, onClose = () => {}, streams?: BusStreams): RuntimeLink {
    const link = new Link({
      clock: this.#platform.clock,
      end,
      ...this.#createDirect(streams),
      warn: this.#warn,
    });
    const close = () => {
      link.close();
      onClose();
    };
    return { link, close };
  }

  async #release(entry: RuntimeMember): Promise<void> {
    const { member, free } = entry;
    this.#leaving.add(member);
    await member.leave();
    await free;
    this.#leaving.delete(member);
    if (this.#members.get(member.name) === entry) this.#members.delete(member.name);
    this.#closeIdleLinks();
  }

  /** Closes the links that no member uses any more. */
  #closeIdleLinks(): void {
    const members = [...[...this.#members.values()].map(({ member }) => member), ...this.#leaving];
    const used = new Set(members.map(({ link }) => link));
    if (this.#shared && !used.has(this.#shared.link)) {
      this.#shared.close();
      this.#shared = undefined;
    }
    if (this.#standalone && !used.has(this.#standalone.link)) {
      this.#standalone.close();
      this.#standalone = undefined;
    }
  }

  readonly #warn = (message: string): void => {
    for (const { member } of this.#members.values()) member.warning(message);
  };

  #warnOfHidden(base: ClientCore, { definition }: MemberOptions): void {
    const hidden = definition.kind === 'class' ? clashingNames(classMethodNames(definition.Class)) : [];
    if (hidden.length === 0) return;
    // Deferred, so that the caller can add a listener first.
    this.#platform.clock.defer(() => {
      const message = hiddenMethods(hidden);
      publishDiagnostic('warning', {
        side: 'member',
        member: base.member.link.self.workerId,
        group: base.member.name,
        message,
      });
      base.warning(message);
    });
  }
}

/** Not typed further: the code that emits an event passes the details that belong to it. */
function publishPrimaryDiagnostic(event: string, { name: group, ...detail }: { readonly name?: string }): void {
  publishDiagnostic(event as DiagnosticsName, { side: 'primary', group, ...detail } as never);
}

function withBoundHook<Options extends Pick<ResolvedPrimaryOptions, 'chooseLeader'>>(options: Options): Options {
  const { chooseLeader } = options;
  return chooseLeader ? { ...options, chooseLeader: bindToContext(chooseLeader) } : options;
}

/** PM2 kills a worker 1600 ms after it has requested the stop. */
const PM2_DRAIN_MS = 1200;

/** The member and the handle's shape for one name. */
interface RuntimeMember {
  readonly member: Member;
  readonly shape: Shape;
  /** Resolves once no member of this process with this name is in the group any more. */
  readonly free: Promise<void>;
}

interface RuntimeLink {
  readonly link: Link;
  close(): void;
}

function again(
  { primary, options }: { primary: Primary; options: ResolvedPrimaryOptions },
  given?: PrimaryOptions,
): Primary {
  const option = differingPrimaryOption(options, given);
  if (option !== undefined) throw alreadySetUp(option);
  return primary;
}
