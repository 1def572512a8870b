/** The language of the widget: `t('key', {name: value})`. English is built in, another language is one file more. */
import { en, type Key, type Texts } from './en';

/** English is all there once the parts that need the rest are. */
const english: Partial<Texts> = en;

const MORE: Record<string, () => Promise<Texts>> = {
  de: () => import('./de').then((file) => file.de),
  ar: () => import('./ar').then((file) => file.ar),
};
const RIGHT_TO_LEFT = ['ar', 'fa', 'he', 'ur'];

class Language {
  texts = $state.raw(english);
  /** For Intl: days and times. */
  locale = $state.raw('en');

  /** Takes the first wished language there are texts for; `wishes` like `de-AT`, best first. */
  async use(wishes: readonly string[]): Promise<void> {
    for (const wish of wishes) {
      const base = wish.toLowerCase().split('-')[0]!;
      if (base !== 'en' && !MORE[base]) continue;
      this.texts = (await MORE[base]?.().catch(() => english)) ?? english;
      this.locale = this.texts === english && base !== 'en' ? 'en' : wish;
      break;
    }
    const page = document.documentElement;
    page.lang = this.locale;
    page.dir = RIGHT_TO_LEFT.includes(this.locale.split('-')[0]!) ? 'rtl' : 'ltr';
  }
}

export const language = new Language();

/** A part brings its English. */
export function learn(more: Partial<Texts>): void {
  Object.assign(english, more);
}

export function t(key: Key, values?: Record<string, string | number>): string {
  const text = language.texts[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}

export function clock(at: number): string {
  return new Intl.DateTimeFormat(language.locale, { hour: '2-digit', minute: '2-digit' }).format(at);
}

/** A day's number, for telling days apart in the reader's own time zone. */
export function dayOf(at: number): string {
  return new Date(at).toDateString();
}

export function dayName(at: number, now: number): string {
  if (dayOf(at) === dayOf(now)) return t('today');
  if (dayOf(at) === dayOf(now - 86_400_000)) return t('yesterday');
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? undefined : 'numeric';
  const options = { weekday: 'long', day: 'numeric', month: 'long', year } as const;
  return new Intl.DateTimeFormat(language.locale, options).format(at);
}
