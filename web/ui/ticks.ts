/** How far an own message has got. The first and the last two are of messages that go out over somebody else's service. */
export type TickState = 'waiting' | 'sending' | 'stored' | 'delivered' | 'read' | 'failed' | 'unknown';
