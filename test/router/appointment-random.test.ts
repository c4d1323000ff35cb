// Every schedule of a group that chance comes up with. What the workers say is anything they could say, sensible or not.

import test from 'ava';
import { type GroupEvent, type GroupOrder, leaderOf, mayLead, type Stage } from '../../lib/router/group-state.js';
import { orderWords, stageWords, UnitGroup } from '../helpers/unit/group.js';
import { forSeeds, type Random } from '../helpers/unit/random.js';

/** What the group may rely on: a channel closes once, then the process exits once; nothing is said after. */
class World {
  readonly open = new Set<number>();
  readonly closed = new Set<number>();
  isPausePending = false;
  #lastWorker = 0;
  #lastTransfer = 0;

  constructor(
    private readonly random: Random,
    readonly group: UnitGroup,
  ) {}

  /** What may happen next; the words of those that are no members don't reach the group. */
  event(): GroupEvent | undefined {
    const { random } = this;
    const workerId = random.pick([...this.open, 0]);
    const kind = random.below(20);
    if (kind < 3) return this.#join(workerId);
    if (kind < 5) return this.#end(workerId);
    if (kind < 6) return this.isPausePending ? { type: 'resume' } : undefined;
    if (kind < 8) return this.#transfer();
    if (kind < 10) return this.#silence();
    return this.group.state.members.has(workerId) ? this.#word(workerId) : undefined;
  }

  #join(known: number): GroupEvent {
    const { random } = this;
    let workerId = known;
    if (workerId === 0 || random.chance(0.5)) {
      workerId = ++this.#lastWorker;
      this.open.add(workerId);
    }
    const eligible = random.chance(0.6);
    const lastResort = !eligible && random.chance(0.7);
    const handover = random.chance(0.5) ? 'exclusive' : 'overlap';
    const member = { workerId, pid: workerId, joinedAt: 0, eligible, lastResort, priority: 0, handover } as const;
    return { type: 'join', member };
  }

  /** Channels close, and processes whose channel is closed exit. */
  #end(workerId: number): GroupEvent | undefined {
    const [closed] = this.closed;
    if (closed !== undefined && this.random.chance(0.7)) {
      this.closed.delete(closed);
      return { type: 'exited', workerId: closed };
    }
    if (!this.open.delete(workerId)) return undefined;
    this.closed.add(workerId);
    return { type: 'closed', workerId };
  }

  #transfer(): GroupEvent {
    const id = ++this.#lastTransfer;
    return { type: 'transfer', id, ...(this.random.chance(0.6) && { to: this.random.below(this.#lastWorker + 2) }) };
  }

  /** The router watches whoever leads something, here or in another group. */
  #silence(): GroupEvent {
    const { random } = this;
    const workerId = random.pick([leaderOf(this.group.state) ?? 0, ...this.open, ...this.closed]);
    const isOpen = this.open.has(workerId);
    return isOpen && random.chance(0.6) ? { type: 'heard', workerId } : { type: 'silent', workerId };
  }

  #word(workerId: number): GroupEvent {
    const { random } = this;
    const { at, lastTerm } = this.group.state;
    const terms = [lastTerm, lastTerm - 1, lastTerm + 1, ...('term' in at ? [at.term, at.term, at.term] : [])];
    const who = random.chance(0.6) ? protagonist(random, at) : undefined;
    const isMember = who !== undefined && this.open.has(who) && this.group.state.members.has(who);
    const word = { workerId: isMember ? who : workerId, term: random.pick(terms) };
    switch (random.below(8)) {
      case 0:
        return { type: 'leave', workerId };
      case 1:
      case 2:
        return { type: 'ready', ...word, methods: [] };
      case 3:
      case 4:
        return { type: 'prepared', ...word, methods: [] };
      case 5:
        return { type: 'yield', ...word };
      default:
        return { type: 'resign', ...word, cause: random.pick(['resigned', 'failed', 'broken'] as const) };
    }
  }
}

function protagonist(random: Random, at: Stage): number | undefined {
  if (at.stage === 'preparing') return random.pick([at.leader, at.successor]);
  return 'leader' in at ? at.leader : undefined;
}

/** What must hold after each step, whatever came. */
class Watch {
  #term = 0;
  /** Terms whose end was said. */
  readonly #ended = new Set<number>();
  readonly #answered = new Set<number>();
  readonly #asked = new Set<number>();

  constructor(private readonly world: World) {}

  step(event: GroupEvent, before: Stage, orders: readonly GroupOrder[]): void {
    const { state } = this.world.group;
    if (event.type === 'transfer') this.#asked.add(event.id);
    let isLed = before.stage !== 'vacant';
    for (const order of orders) {
      switch (order.do) {
        case 'emit':
          if (order.event === 'deposed') {
            check(isLed && 'term' in before && order.term === before.term, 'only the term in force is ended');
            check(isJustified(event, before, order.workerId), 'a term ends by word, exit or silence of its leader');
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
          check(state.members.has(order.to), 'orders go to members');
          break;
        case 'kill':
          check(state.members.has(order.workerId), 'who is killed is a member');
          break;
        case 'pause':
          this.world.isPausePending = true;
          break;
        case 'transferred':
          check(this.#asked.has(order.id) && !this.#answered.has(order.id), 'a transfer is answered once');
          this.#answered.add(order.id);
          break;
        case 'tell':
          break;
      }
    }
    this.#invariants();
  }

  #invariants(): void {
    const { at, members, lastTerm, transfer } = this.world.group.state;
    check(lastTerm >= this.#term, 'no term was given out twice');
    const candidates = [...members.values()].filter(member => mayLead(member) && !member.isSilent);
    if (at.stage === 'vacant') {
      if (!at.isPaused) check(candidates.length === 0, 'a group is not vacant while somebody may lead it');
      check(!at.isPaused || this.world.isPausePending, 'a pause has an end');
      check(transfer === undefined, 'nobody waits for a hand-over of a group without a leader');
    } else {
      check(at.stage === 'fenced' || members.has(at.leader), 'who leads is a member');
      check(at.term <= lastTerm, 'the term in force was given out');
    }
    if (at.stage === 'leading') {
      const others = candidates.filter(
        ({ workerId, eligible, hasFailed }) => workerId !== at.leader && eligible && !hasFailed,
      );
      check(members.get(at.leader)!.eligible || others.length === 0, 'a leader that may not lead is replaced');
      check(transfer === undefined, 'a hand-over is over when somebody leads');
    }
    if (at.stage === 'preparing')
      check(members.has(at.successor) !== (at.isLost === true), 'a successor that can be reached is a member');
    if (at.stage === 'handing-over' && at.prepared)
      check(members.has(at.prepared.successor), 'a prepared successor is a member');
  }

  get unanswered(): number[] {
    return [...this.#asked].filter(id => !this.#answered.has(id));
  }
}

function isJustified(event: GroupEvent, before: Stage, leader: number): boolean {
  if (!('workerId' in event) || event.workerId !== leader || !('term' in before)) return false;
  switch (event.type) {
    case 'resign':
      return event.term === before.term;
    case 'leave':
      return before.stage !== 'fenced';
    case 'exited':
      return before.stage === 'fenced';
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
  const silent = [...members.values()].find(member => member.isSilent && open.has(member.workerId));
  if (silent && at.stage !== 'fenced') return { type: 'heard', workerId: silent.workerId };
  switch (at.stage) {
    case 'vacant':
      return at.isPaused && isPausePending ? { type: 'resume' } : undefined;
    case 'opening':
      return { type: 'ready', workerId: at.leader, term: at.term, methods: [] };
    case 'preparing':
      if (at.isLost) return { type: 'exited', workerId: at.successor };
      return { type: 'prepared', workerId: at.successor, term: at.next, methods: [] };
    case 'handing-over':
      return { type: 'resign', workerId: at.leader, term: at.term, cause: 'resigned' };
    case 'fenced':
      if (open.delete(at.leader)) {
        closed.add(at.leader);
        return { type: 'closed', workerId: at.leader };
      }
      return { type: 'exited', workerId: at.leader };
    case 'leading':
      return undefined;
  }
}

for (const hungLeader of ['depose', 'kill'] as const) {
  test(`whatever happens, a group has one leader and no term begins before the last is over: ${hungLeader}`, t => {
    forSeeds(400, (random, log) => {
      const choose = (candidates: readonly { workerId: number }[]) => random.pick(candidates).workerId;
      const group = new UnitGroup(hungLeader, choose);
      const world = new World(random, group);
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
      const canLead = [...group.state.members.values()].some(mayLead);
      check(!canLead || group.state.at.stage === 'leading', 'in the end somebody leads');
      check(watch.unanswered.length === 0, `every transfer is answered, not ${watch.unanswered}`);
      for (const workerId of [...world.open]) {
        apply({ type: 'closed', workerId });
        apply({ type: 'exited', workerId });
      }
      check(group.state.members.size === 0 && group.state.at.stage === 'vacant', 'nothing is left of it');
    });
    t.pass();
  });
}
