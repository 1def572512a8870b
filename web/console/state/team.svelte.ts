import type { Role } from '../../client/frames';
import type { Api } from '../../client/http';
import type { Hours } from '../lib/hours';

export interface Colleague {
  id: number;
  name: string;
  role: Role;
  online: boolean;
  available: boolean;
  active: boolean;
  departments: number[];
}
export interface Department {
  id: number;
  name: string;
  description: string;
  offered: boolean;
  first_line: boolean;
  hours: Hours | null;
  mail_address: string;
  mail_name: string;
  total: number;
  online: number;
  offline: number;
  staff: { id: number; name: string; online: boolean }[];
}
export interface Label {
  id: number;
  name: string;
  color: string;
}

export interface ClosingTag {
  id: number;
  name: string;
  active: boolean;
}
/** An own field of customers; its values stand under `key`. */
export interface CustomerField {
  id: number;
  key: string;
  label: string;
  kind: 'text' | 'long' | 'number' | 'email' | 'phone';
  active: boolean;
}
type Part = 'team' | 'departments' | 'labels' | 'closing_tags' | 'customer_fields';

/** Who and what the desk has: colleagues, departments, labels, closing tags. Fetched at start and again when told they changed. */
export class Team {
  staff: readonly Colleague[] = $state.raw([]);
  departments: readonly Department[] = $state.raw([]);
  labels: readonly Label[] = $state.raw([]);
  closingTags: readonly ClosingTag[] = $state.raw([]);
  customerFields: readonly CustomerField[] = $state.raw([]);
  readonly #ranks: ReadonlyMap<number, number> = $derived(
    new Map(
      [...this.staff]
        .sort((a, b) => a.name.localeCompare(b.name) || a.id - b.id)
        .map((one, place) => [one.id, place]),
    ),
  );
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async load(what: Part): Promise<void> {
    try {
      if (what === 'team') this.staff = (await this.#api.get<{ staff: Colleague[] }>('/api/team')).staff;
      else if (what === 'departments')
        this.departments = (
          await this.#api.get<{ departments: Department[] }>('/api/departments')
        ).departments;
      else if (what === 'closing_tags')
        this.closingTags = (await this.#api.get<{ tags: ClosingTag[] }>('/api/closing-tags')).tags;
      else if (what === 'customer_fields')
        this.customerFields = (
          await this.#api.get<{ fields: CustomerField[] }>('/api/customer-fields')
        ).fields;
      else this.labels = (await this.#api.get<{ labels: Label[] }>('/api/labels')).labels;
    } catch {
      // Names are missing until the next change or reconnect; nothing else depends on them.
    }
  }

  loadAll(): void {
    void this.load('team');
    void this.load('departments');
    void this.load('labels');
    void this.load('closing_tags');
    void this.load('customer_fields');
  }

  presence(changed: { id: number; online: boolean }[]): void {
    const online = new Map(changed.map((one) => [one.id, one.online]));
    const apply = <T extends { id: number; online: boolean }>(one: T): T =>
      online.has(one.id) ? { ...one, online: online.get(one.id)! } : one;
    this.staff = this.staff.map(apply);
    this.departments = this.departments.map((department) => {
      const staff = department.staff.map(apply);
      const here = staff.filter((one) => one.online).length;
      return { ...department, staff, online: here, offline: staff.length - here };
    });
  }

  /** The place of an agent by name; somebody unknown comes last. */
  rank(id: number): number {
    return this.#ranks.get(id) ?? this.staff.length;
  }

  name(id: number | null | undefined): string {
    return this.staff.find((one) => one.id === id)?.name ?? '';
  }

  department(id: number | null | undefined): string {
    return this.departments.find((one) => one.id === id)?.name ?? '';
  }

  label(id: number): Label | undefined {
    return this.labels.find((one) => one.id === id);
  }

  /** The name of a closing tag, hidden ones included. */
  closingTag(id: number | null | undefined): string {
    return this.closingTags.find((one) => one.id === id)?.name ?? '';
  }
}
