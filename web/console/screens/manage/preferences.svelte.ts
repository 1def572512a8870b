/** Every preference with its bounds, fetched when the page opens; each is saved by itself, and errors stay with it. */
import { ApiError, type Api } from '../../../client/http';

export interface Preference {
  name: string;
  what: string;
  kind: 'number' | 'choice' | 'switch' | 'text' | 'hours';
  value: unknown;
  default: unknown;
  least?: number;
  most?: number;
  choices?: string[];
}

export class Preferences {
  list: readonly Preference[] = $state.raw([]);
  problem = $state('');
  /** By name: why the last value was not taken. */
  problems: Readonly<Record<string, string>> = $state.raw({});
  /** The one saved last. */
  saved = $state('');
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  get(name: string): Preference | undefined {
    return this.list.find((one) => one.name === name);
  }

  async load(): Promise<void> {
    try {
      this.#show(await this.#api.get('/api/preferences'));
      this.problem = '';
    } catch (error) {
      this.problem = words(error);
    }
  }

  #show({ preferences }: { preferences: Preference[] }): void {
    this.list = preferences;
  }

  /** Raises what the server refused. */
  async set(name: string, value: unknown): Promise<void> {
    this.#show(await this.#api.patch('/api/preferences', { [name]: value }));
    const { [name]: _, ...others } = this.problems;
    this.problems = others;
    this.saved = name;
  }

  async save(name: string, value: unknown): Promise<void> {
    try {
      await this.set(name, value);
    } catch (error) {
      this.saved = '';
      this.problems = { ...this.problems, [name]: words(error) };
    }
  }
}

function words(error: unknown): string {
  return error instanceof ApiError ? error.message : 'Something went wrong.';
}

const HOUR = 60;
const DAY = 24 * HOUR;

/** Minutes as people say them: `20 min`, `2 h`, `1 h 30 min`, `7 days`. */
export function minutes(value: number): string {
  if (value >= 2 * DAY && value % DAY === 0) return `${value / DAY} days`;
  const [hours, rest] = [Math.floor(value / HOUR), value % HOUR];
  return [hours ? `${hours} h` : '', rest || !hours ? `${rest} min` : ''].filter(Boolean).join(' ');
}
