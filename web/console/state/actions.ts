import type { Api } from '../../client/http';
import { clientId, type Priority, type Sentiment } from '../../client/frames';

export interface Closing {
  sentiment?: Sentiment;
  tag?: number;
  note?: string;
}
/** Of a ticket (TICKET-10); `due` in milliseconds. */
export interface Fields {
  subject: string;
  priority: Priority;
  due: number | null;
}
export interface Target {
  agent?: number;
  department?: number;
}
/** What `POST /api/actions` takes, but for its id. */
type Action =
  | { t: 'flag' | 'pending'; c: number; on: boolean }
  | ({ t: 'transfer'; c: number; note: string } & Target)
  | { t: 'transfer_answer' | 'offer_answer'; c: number; accept: boolean }
  | { t: 'transfer_cancel' | 'accept' | 'transcript'; c: number }
  | ({ t: 'ticket'; c: number } & Fields)
  | { t: 'block'; c: number; reason: string; address: boolean }
  | { t: 'unblock'; c: number }
  | { t: 'again'; c: number; seq: number }
  | { t: 'assign'; c: number; agent: number };

interface Around {
  /** Runs it; a refusal is shown in the server's words. Answers whether it was done. */
  act(action: () => Promise<unknown>): Promise<boolean>;
  /** Rights and lines of the open conversation are others now. */
  changed(): void;
  /** A label may be new. */
  labelled(): Promise<void>;
}

/** What an agent does to a conversation besides writing. Those that a dialog asks for throw; the others say why not. */
export class Actions {
  readonly #api: Api;
  readonly #around: Around;

  constructor(api: Api, around: Around) {
    this.#api = api;
    this.#around = around;
  }

  flag(c: number, on: boolean): Promise<boolean> {
    return this.#try({ t: 'flag', c, on });
  }

  pend(c: number, on: boolean): Promise<boolean> {
    return this.#try({ t: 'pending', c, on });
  }

  ticket(c: number, fields: Fields): Promise<boolean> {
    return this.#try({ t: 'ticket', c, ...fields });
  }

  sendTranscript(c: number): Promise<boolean> {
    return this.#try({ t: 'transcript', c });
  }

  accept(c: number): Promise<boolean> {
    return this.#try({ t: 'accept', c });
  }

  answerOffer(c: number, accept: boolean): Promise<boolean> {
    return this.#try({ t: 'offer_answer', c, accept });
  }

  answerTransfer(c: number, accept: boolean): Promise<boolean> {
    return this.#try({ t: 'transfer_answer', c, accept });
  }

  cancelTransfer(c: number): Promise<boolean> {
    return this.#try({ t: 'transfer_cancel', c });
  }

  assignTo(c: number, agent: number): Promise<boolean> {
    return this.#try({ t: 'assign', c, agent });
  }

  /** A message that a channel did not take, or of which nobody knows. */
  sendAgain(c: number, seq: number): Promise<boolean> {
    return this.#try({ t: 'again', c, seq });
  }

  /** Throws ApiError. */
  transfer(c: number, to: Target, note: string): Promise<void> {
    return this.#do({ t: 'transfer', c, note, ...to });
  }

  /** Throws ApiError. */
  block(c: number, reason: string, address: boolean): Promise<void> {
    return this.#do({ t: 'block', c, reason, address });
  }

  /** Throws ApiError. */
  unblock(c: number): Promise<void> {
    return this.#do({ t: 'unblock', c });
  }

  /** Throws ApiError. */
  assign(c: number, agent: number): Promise<void> {
    return this.#do({ t: 'assign', c, agent });
  }

  /** Throws ApiError. */
  async close(c: number, closing: Closing): Promise<void> {
    await this.#api.post(`/api/conversations/${c}/close`, { id: clientId(), ...closing });
    this.#around.changed();
  }

  setDepartment(c: number, department: number): Promise<boolean> {
    const body = { id: clientId(), department };
    return this.#around.act(() => this.#api.put(`/api/conversations/${c}/department`, body));
  }

  label(c: number, add: string[], remove: string[]): Promise<boolean> {
    return this.#around.act(async () => {
      await this.#api.put(`/api/conversations/${c}/labels`, { id: clientId(), add, remove });
      await this.#around.labelled();
      this.#around.changed();
    });
  }

  labelCustomer(customer: number, add: string[], remove: string[]): Promise<boolean> {
    return this.#around.act(async () => {
      await this.#api.put(`/api/customers/${customer}/labels`, { add, remove });
      await this.#around.labelled();
      this.#around.changed();
    });
  }

  async #do(action: Action): Promise<void> {
    await this.#api.post('/api/actions', { id: clientId(), ...action });
    // Who has declined may not see it any more.
    if (!('accept' in action) || action.accept) this.#around.changed();
  }

  /** What came between is shown as well: somebody was first, or it is closed. */
  async #try(action: Action): Promise<boolean> {
    const done = await this.#around.act(() => this.#do(action));
    if (!done) this.#around.changed();
    return done;
  }
}
