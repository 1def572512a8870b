/** The supervisors' desk: everyone's chats by agent, with totals (SUPERVISOR-1). Pure. */
import type { Row } from '../../client/frames';
import { sectionOf, type Looker, type SectionKey } from './placement';

/** Open chats of an agent as the server counts them; `agent` null: of nobody yet. */
export interface AgentLoad {
  agent: number | null;
  live: number;
  pending: number;
  waiting: number;
  since: number | null;
}

export interface Section<C> {
  key: SectionKey;
  cards: C[];
  /** Chats of this list, those of them without an answer, and since when the first one waits. */
  count: number;
  waiting: number;
  since: number | null;
  /** Of the same agent in the other list. */
  pending: number;
}

interface Options {
  me: Looker['me'];
  tab: 'live' | 'pending';
  /** All cards of the list are here. */
  complete: boolean;
  rank(agent: number): number;
}

/** What `folded` holds for a section. */
export function foldOf(key: SectionKey): number {
  if (key === 'calls') return -1;
  return key === 'queue' ? 0 : key;
}

/**
 * Cards by section, in the order of the desk. Counts come from the cards when they are all here, else from the server;
 * agents whose cards are still to come have their place already.
 */
export function sectionsOf<C extends { row: Row }>(
  cards: readonly C[],
  loads: readonly AgentLoad[],
  options: Options,
): Section<C>[] {
  const counted = new Map<SectionKey, AgentLoad>(loads.map((load) => [load.agent ?? 'queue', load]));
  const found = new Map<SectionKey, C[]>();
  for (const card of cards) {
    const key = sectionOf(card.row, options.me);
    const held = found.get(key);
    if (held) held.push(card);
    else found.set(key, [card]);
  }
  if (!options.complete)
    for (const [key, load] of counted) if (load[options.tab] && !found.has(key)) found.set(key, []);
  const place = (key: SectionKey) => (key === 'calls' ? 0 : key === 'queue' ? 1 : 2 + options.rank(key));
  return [...found.keys()]
    .sort((a, b) => place(a) - place(b))
    .map((key) => sectionFrom(key, found.get(key)!, counted.get(key), options));
}

function sectionFrom<C extends { row: Row }>(
  key: SectionKey,
  cards: C[],
  load: AgentLoad | undefined,
  { complete, tab }: Options,
): Section<C> {
  const pending = load?.pending ?? 0;
  if (load && !complete)
    return { key, cards, count: load[tab], waiting: load.waiting, since: load.since, pending };
  const waits = cards.flatMap(({ row }) => row.waiting_since ?? []);
  const since = waits.length ? Math.min(...waits) : null;
  return { key, cards, count: cards.length, waiting: waits.length, since, pending };
}
