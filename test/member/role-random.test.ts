// Every schedule of a member's role that chance comes up with.

import test from 'ava';
import { heldTerm, type RoleEvent, type RoleOrder } from '../../lib/member/role.js';
import { forSeeds, type Random } from '../helpers/unit/random.js';
import { atWords, roleOrderWords, UnitRole } from '../helpers/unit/role.js';

const ERROR = { text: '0', ext: false, parts: undefined };

/** The real clients of the member, as its orders make and end them, and what the primary may say. */
class World {
  /** The one real client: since which term, and how far it is. */
  client: { readonly term: number; state: 'opening' | 'open' | 'serving' | 'stopped' | 'closing' } | undefined;
  isGone = false;
  readonly opened = new Set<number>();
  readonly resigned = new Set<number>();
  #lastOpened = 0;
  #term = 1;
  /** The last number that was given out. */
  #lastTerm = 1;

  constructor(private readonly random: Random) {}

  event(): RoleEvent {
    const { random, client } = this;
    const term = client && random.chance(0.8) ? client.term : this.#term + random.pick([-1, 0, 1]);
    switch (random.below(18)) {
      case 0:
      case 1:
      case 2:
      case 3:
        if (random.chance(0.6)) this.#nextTerm();
        return this.#update();
      case 4:
        return this.#prepare();
      case 5:
        return { type: 'handover', term };
      case 6:
      case 7:
        return { type: 'opened', term: client?.state === 'opening' ? client.term : 0 };
      case 8:
        return { type: 'open failed', term: client?.state === 'opening' ? client.term : 0, error: ERROR };
      case 9:
        return { type: 'broken', term, error: ERROR };
      case 10:
        return { type: 'drained', term };
      case 11:
      case 12:
        return { type: 'closed', term: client?.state === 'closing' ? client.term : 0 };
      case 13:
        return { type: random.pick(['resign', 'waited enough'] as const) };
      case 16:
      case 17:
        return { type: 'leased' };
      case 14:
        return random.chance(0.1) ? { type: 'leave' } : { type: 'resign' };
      default:
        return random.chance(0.3) ? { type: 'lost' } : this.#update();
    }
  }

  /** The number that was prepared for, or a newer one. */
  #nextTerm(): void {
    this.#term = this.random.chance(0.5) && this.#lastTerm > this.#term ? this.#lastTerm : ++this.#lastTerm;
  }

  /** Who leads isn't asked to. */
  #prepare(): RoleEvent {
    if (leaderOf(this.#term) === 1) return this.#update();
    this.#lastTerm += 1 + this.random.below(2);
    return { type: 'prepare', term: this.#lastTerm };
  }

  /** A term has one leader, whatever else is said of it. */
  #update(): RoleEvent {
    const term = this.#term;
    const leader = leaderOf(term);
    const phase = leader === undefined ? 'vacant' : this.random.pick(['opening', 'ready', 'ready', 'vacant'] as const);
    return { type: 'update', term, phase, leader: phase === 'vacant' ? undefined : leader };
  }

  /** What has happened to the real client before the role hears of it. */
  before(event: RoleEvent): void {
    const { client } = this;
    if (!client || !('term' in event) || event.term !== client.term) return;
    if (event.type === 'opened' && client.state === 'opening') client.state = 'open';
    if (event.type === 'closed' && client.state === 'closing') this.client = undefined;
  }

  carryOut(order: RoleOrder): void {
    const { client } = this;
    check(!this.isGone, 'who is gone does nothing');
    switch (order.do) {
      case 'open':
        check(client === undefined, 'no real client is opened before the last one is closed');
        check(order.term > this.#lastOpened, 'no term is opened twice, and none that is older');
        this.#lastOpened = order.term;
        this.client = { term: order.term, state: 'opening' };
        break;
      case 'send prepared':
        check(client?.term === order.term && client.state === 'open', 'only who is open is prepared');
        break;
      case 'serve':
        check(client?.term === order.term && client.state === 'open', 'only an open real client serves');
        client!.state = 'serving';
        break;
      case 'drain':
      case 'yield':
        check(client?.term === order.term && client.state === 'serving', 'only who serves steps down');
        break;
      case 'stop':
        check(client?.state === 'serving', 'only who serves stops');
        client!.state = 'stopped';
        break;
      case 'close':
        check(client?.state !== 'closing', 'a real client is closed once');
        check(client?.state !== 'serving', 'nothing is served by a real client that closes');
        check(!client || client.term === order.term, 'the real client of the term that ended is closed');
        // Without a lease there was none yet.
        this.client = { term: order.term, state: 'closing' };
        break;
      case 'resign':
        check(client?.term !== order.term, 'a term is given back once its real client is closed');
        check(!this.resigned.has(order.term), 'a term is given back once');
        this.resigned.add(order.term);
        break;
      case 'leave':
        check(client === undefined, 'who leaves has no real client');
        this.isGone = true;
        break;
    }
  }
}

const leaderOf = (term: number): number | undefined => [1, 2, 1, undefined][term % 4];

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it doesn't hold that ${what}`);
}

function invariants({ state }: UnitRole, { client }: World): void {
  const { now, update } = state;
  const holdsClient = 'term' in now;
  const isUnopened = now.at === 'opening' && now.client === 'awaits lease';
  check((holdsClient && !isUnopened) === (client !== undefined), 'the role knows of the real client');
  if (client) check('term' in now && now.term === client.term, 'the role knows of which term the real client is');
  const isActive = now.at === 'opening' || now.at === 'leading' || now.at === 'draining';
  if (isActive) check(now.term >= update.term, 'who knows of a newer term holds none that is older');
  const isServing = now.at === 'leading' || now.at === 'draining';
  check(isServing === (client?.state === 'serving'), 'who leads serves');
  const isAppointed = update.leader === 1 && update.phase !== 'vacant' && update.term > state.endedTerm;
  if (isAppointed && now.at !== 'gone') check(heldTerm(state) === update.term, 'who is appointed holds the term');
}

test('whatever happens, a member has one real client at most, for a term that is not over', t => {
  forSeeds(600, (random, log) => {
    const role = new UnitRole();
    const world = new World(random);
    for (let i = 0; i < 150; i++) {
      const event = world.event();
      world.before(event);
      const orders = role.apply(event);
      log.push(`${JSON.stringify(event)} | ${orders.map(roleOrderWords).join(', ')} | ${atWords(role.state.now)}`);
      for (const order of orders) world.carryOut(order);
      invariants(role, world);
    }
  });
  t.pass();
});
