// Every schedule of a group that chance comes up with. What the workers say is anything they could say, sensible or not.

import test from 'ava';
import type { GroupEvent, GroupOrder } from '../../lib/group/events.js';
import { leaderOf, mayLead } from '../../lib/group/queries.js';
import type { Stage } from '../../lib/protocol/group-state.js';
import { orderWords, stageWords, UnitGroup } from '../helpers/unit/group.js';
import { forSeeds, type Random } from '../helpers/unit/random.js';

/** Of what isn't there. */
const NOBODY = '0';

/** What the group may rely on: a channel closes once, if that is seen, then the process exits once; nothing is said after. */
class World {
  readonly open = new Set<string>();
  readonly closed = new Set<string>();
  isPausePending = false;
  #lastWorker = 0;
  #lastTransfer = 0;

  constructor(
    private readonly random: Random,
    readonly group: UnitGroup,
    /** Else a death is known at once, and nothing is said of channels before. */
    readonly seesChannels: boolean,
  ) {}

  /** What may happen next; the words of those that are no members don't reach the group. */
  event(): GroupEvent | undefined {
    const { random } = this;
    const id = random.pick([...this.open, NOBODY]);
    const kind = random.below(20);
    if (kind < 3) return this.#join(id);
    if (kind < 5) return this.#end(id);
    if (kind < 6) return this.isPausePending ? { type: 'resume' } : undefined;
    if (kind < 8) return this.#transfer();
    if (kind < 10) return this.#silence();
    return this.group.state.members[id] ? this.#word(id) : undefined;
  }

  #join(known: string): GroupEvent {
    const { random } = this;
    let id = known;
    if (id === NOBODY || random.chance(0.5)) {
      id = String(++this.#lastWorker);
      this.open.add(id);
    }
    const eligible = random.chance(0.6);
    const lastResort = !eligible && random.chance(0.7);
    const handover = random.chance(0.5) ? 'exclusive' : 'overlap';
    return { type: 'join', id, member: { joinedAt: 0, eligible, lastResort, priority: 0, handover } };
  }

  /** Channels close, and processes whose channel is closed exit. */
  #end(id: string): GroupEvent | undefined {
    const [closed] = this.closed;
    if (closed !== undefined && this.random.chance(0.7)) {
      this.closed.delete(closed);
      return { type: 'exited', id: closed };
    }
    if (!this.open.delete(id)) return undefined;
    if (!this.seesChannels) return { type: 'exited', id };
    this.closed.add(id);
    return { type: 'closed', id };
  }

  #transfer(): GroupEvent {
    const request = String(++this.#lastTransfer);
    const to = String(this.random.below(this.#lastWorker + 2));
    return { type: 'transfer', request, ...(this.random.chance(0.6) && { to }) };
  }

  /** The router watches whoever leads something, here or in another group. */
  #silence(): GroupEvent {
    const { random } = this;
    const id = random.pick([leaderOf(this.group.state) ?? NOBODY, ...this.open, ...this.closed]);
    const isOpen = this.open.has(id);
    return isOpen && random.chance(0.6) ? { type: 'alive', id } : { type: 'silent', id, kills: this.group.kills };
  }

  #word(known: string): GroupEvent {
    const { random } = this;
    const { at, lastTerm } = this.group.state;
    const terms = [lastTerm, lastTerm - 1, lastTerm + 1, ...('term' in at ? [at.term, at.term, at.term] : [])];
    const who = random.chance(0.6) ? protagonist(random, at) : undefined;
    const isMember = who !== undefined && this.open.has(who) && this.group.state.members[who];
    const id = isMember ? who : known;
    const word = { id, term: random.pick(terms) };
    switch (random.below(8)) {
      case 0:
        return { type: 'leave', id: known };
      case 1:
      case 2:
        return { type: 'ready', ...word, methods: [] };
      case 3:
      case 4:
        return { type: 'prepared', ...word, methods: [] };
      case 5:
        return { type: 'yield', ...word, now: random.chance(0.3) };
      default:
        return { type: 'resign', ...word, cause: random.pick(['resigned', 'failed', 'broken'] as const) };
    }
  }
}

function protagonist(random: Random, at: Stage): string | undefined {
  if (at.stage === 'preparing') return random.pick([at.leader, at.successor!.id]);
  return 'leader' in at ? at.leader : undefined;
}

/** What must hold after each step, whatever came. */
class Watch {
  #term = 0;
  /** Terms whose end was said. */
  readonly #ended = new Set<number>();
  readonly #answered = new Set<string>();
  readonly #asked = new Set<string>();

  constructor(private readonly world: World) {}

  step(event: GroupEvent, before: Stage, orders: readonly GroupOrder[]): void {
    const { state } = this.world.group;
    if (event.type === 'transfer') this.#asked.add(event.request);
    let isLed = before.stage !== 'vacant';
    for (const order of orders) {
      switch (order.do) {
        case 'emit':
          if (order.event === 'deposed') {
            check(isLed && 'term' in before && order.term === before.term, 'only the term in force is ended');
            check(isJustified(event, before, order.id), 'a term ends by word, exit or silence of its leader');
            check(this.#ended.has(order.term), 'the end of its data is said before a term is over');
            isLed = false;
          } else if (order.event === 'appointed') {
            check(!isLed, 'nobody is appointed while a leader may still lead');
            check(order.term > this.#term, 'terms only grow');
            this.#term = order.term;
            isLed = true;
          } else if (order.event === 'ready') {
            check(isLed && order.term === this.#term, 'only the leader of the term is ready');
          }
          break;
        case 'end':
          check(!this.#ended.has(order.term), 'the end of a term is said once');
          this.#ended.add(order.term);
          break;
        case 'handover':
        case 'prepare':
          check(state.members[order.id] !== undefined, 'orders go to members');
          break;
        case 'kill':
          check(state.members[order.id] !== undefined, 'who is killed is a member');
          break;
        case 'pause':
          this.world.isPausePending = true;
          break;
        case 'transferred':
          check(this.#asked.has(order.request) && !this.#answered.has(order.request), 'a transfer is answered once');
          this.#answered.add(order.request);
          break;
      }
    }
    this.#invariants();
  }

  #invariants(): void {
    const { at, members, lastTerm, transfer } = this.world.group.state;
    check(lastTerm >= this.#term, 'no term was given out twice');
    const candidates = Object.keys(members).filter(id => mayLead(members[id]!) && !members[id]!.isSilent);
    if (at.stage === 'vacant') {
      if (!at.pause) check(candidates.length === 0, 'a group is not vacant while somebody may lead it');
      check(!at.pause || this.world.isPausePending, 'a pause has an end');
      check(transfer === undefined, 'nobody waits for a hand-over of a group without a leader');
    } else {
      check(at.stage === 'fenced' || members[at.leader] !== undefined, 'who leads is a member');
      check(at.term <= lastTerm, 'the term in force was given out');
    }
    if (at.stage === 'leading') {
      const others = candidates.filter(id => id !== at.leader && members[id]!.eligible && !members[id]!.hasFailed);
      check(members[at.leader]!.eligible || others.length === 0, 'a leader that may not lead is replaced');
      check(transfer === undefined, 'a hand-over is over when somebody leads');
    }
    if (at.stage === 'preparing') {
      const { id, isLost } = at.successor!;
      check((members[id] === undefined) === (isLost === true), 'a successor that can be reached is a member');
    }
    if ((at.stage === 'handing-over' || at.stage === 'fenced') && at.successor)
      check(members[at.successor.id] !== undefined, 'a prepared successor is a member');
  }

  get unanswered(): string[] {
    return [...this.#asked].filter(id => !this.#answered.has(id));
  }
}

function isJustified(event: GroupEvent, before: Stage, leader: string): boolean {
  if (!('id' in event) || event.id !== leader || !('term' in before)) return false;
  switch (event.type) {
    case 'resign':
      return event.term === before.term;
    case 'leave':
      return before.stage !== 'fenced';
    case 'exited':
      return true;
    case 'silent':
      return before.stage === 'fenced' ? before.cause === 'disconnected' : true;
    default:
      return false;
  }
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it doesn't hold that ${what}`);
}

/** What becomes of a group when everybody does what is expected. @returns undefined: nothing more */
function expected({ group, open, closed, isPausePending }: World): GroupEvent | undefined {
  const { at, members } = group.state;
  const silent = Object.keys(members).find(id => members[id]!.isSilent && open.has(id));
  if (silent && at.stage !== 'fenced') return { type: 'alive', id: silent };
  switch (at.stage) {
    case 'vacant':
      return at.pause && isPausePending ? { type: 'resume' } : undefined;
    case 'opening':
      return { type: 'ready', id: at.leader, term: at.term, methods: [] };
    case 'preparing': {
      const { id, term, isLost } = at.successor!;
      return isLost ? { type: 'exited', id } : { type: 'prepared', id, term, methods: [] };
    }
    case 'handing-over':
      return { type: 'resign', id: at.leader, term: at.term, cause: 'resigned' };
    case 'fenced':
      if (open.delete(at.leader)) {
        closed.add(at.leader);
        return { type: 'closed', id: at.leader };
      }
      return { type: 'exited', id: at.leader };
    case 'leading':
      return undefined;
  }
}

for (const kills of [false, true]) {
  test(`whatever happens, a group has one leader and no term begins before the last is over, kills: ${kills}`, t => {
    forSeeds(400, (random, log) => {
      const group = new UnitGroup(kills, ids => random.pick(ids));
      const world = new World(random, group, kills || random.chance(0.7));
      const watch = new Watch(world);
      const apply = (event: GroupEvent) => {
        const before = group.state.at;
        if (event.type === 'resume') world.isPausePending = false;
        log.push(JSON.stringify(event));
        const orders = group.apply(event);
        log.push(`    ${orders.map(orderWords).join(', ')} => ${stageWords(group.state.at)}`);
        watch.step(event, before, orders);
      };
      for (let i = 0; i < 150; i++) {
        group.now += random.pick([0, 0, 1, 50, 20_000, -1000]);
        const event = world.event();
        if (event) apply(event);
      }
      for (let i = 0, event = expected(world); event; event = expected(world), i++) {
        apply(event);
        check(i < 100, 'the group comes to rest');
      }
      const canLead = Object.values(group.state.members).some(mayLead);
      check(!canLead || group.state.at.stage === 'leading', 'in the end somebody leads');
      check(watch.unanswered.length === 0, `every transfer is answered, not ${watch.unanswered}`);
      for (const id of [...world.open]) {
        if (world.seesChannels) apply({ type: 'closed', id });
        apply({ type: 'exited', id });
      }
      check(
        Object.keys(group.state.members).length === 0 && group.state.at.stage === 'vacant',
        'nothing is left of it',
      );
    });
    t.pass();
  });
}
