import type { Row, Seen } from '../../client/frames';

/** One conversation as a card; shared by every list that shows it. */
export class Card {
  row: Row = $state.raw()!;
  /** How far this agent has seen it, on any device; null: never. */
  seen: Seen | null = $state.raw(null);
  readonly id: number;

  constructor(row: Row) {
    this.id = row.id;
    this.row = row;
    this.seen = row.seen?.seq ? row.seen : null;
  }

  /** Socket frames carry no `seen`: what is known stays. */
  update(row: Row): void {
    this.row = row;
    if (row.seen?.seq) this.see(row.seen);
  }

  /** How far the customer has received and read it. */
  got({ delivered, read }: { delivered: number; read: number }): void {
    this.row = {
      ...this.row,
      delivered: Math.max(this.row.delivered, delivered),
      read: Math.max(this.row.read, read),
    };
  }

  see(seen: Seen): void {
    if (!this.seen || seen.seq > this.seen.seq) this.seen = seen;
  }

  /** Customer's messages this agent has not seen. Chats of others count only once looked at. */
  unread(me: number): number {
    if (!this.seen && this.row.owner !== me) return 0;
    return Math.max(0, this.row.customer_messages - (this.seen?.count ?? 0));
  }

  /** Something happened since this agent looked, or was tagged (LIST-3); one's own last message is no news. */
  activity(me: number): boolean {
    const { row, seen } = this;
    if (!seen && row.owner !== me && !row.mentioned?.includes(me)) return false;
    if (row.state === 'closed') return this.unread(me) > 0;
    const upTo = seen?.seq ?? 0;
    return row.last_seq > upTo && !(row.owner === me && row.last_seq === row.last_agent_seq);
  }

  get waitsSince(): number | null {
    return this.row.state === 'closed' ? null : (this.row.waiting_since ?? null);
  }

  /** How far the last own message has got, when it is the last thing said; channels say it message by message. */
  get ticks(): 'stored' | 'delivered' | 'read' | null {
    const { channel, preview_by, last_agent_seq, read, delivered } = this.row;
    if (preview_by !== 'agent' || !last_agent_seq || channel === 'whatsapp') return null;
    if (read >= last_agent_seq) return 'read';
    return delivered >= last_agent_seq ? 'delivered' : 'stored';
  }
}
