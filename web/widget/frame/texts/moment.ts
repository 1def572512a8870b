import { dayOf, language } from './index.svelte';

/** A moment to come, in the reader's own time: the time alone today, the weekday within six days, else the date. */
export function moment(at: number, now: number): string {
  const far = at - now > 6 * 86_400_000;
  const day = far ? ({ day: 'numeric', month: 'long' } as const) : ({ weekday: 'long' } as const);
  const options = { hour: '2-digit', minute: '2-digit', ...(dayOf(at) !== dayOf(now) && day) } as const;
  return new Intl.DateTimeFormat(language.locale, options).format(at);
}
