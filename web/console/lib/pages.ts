/** Addresses of pages in words. They come from strangers: they are shown as text, and opened only if they are http(s). */

/** `shop.example/cart?x=1` without what every address has. */
export function shortOf(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/\/$/, '');
}

/** `/cart?x=1`; the host alone for a front page. */
export function pathOfPage(url: string): string {
  const short = shortOf(url);
  const slash = short.indexOf('/');
  return slash < 0 ? short : short.slice(slash);
}

/** Where a visitor comes from: the other site's name, or that they came by themselves. */
export function fromOf(referrer: string, url: string): string {
  const host = (address: string) =>
    shortOf(address)
      .split('/')[0]!
      .replace(/^www\./, '');
  if (!referrer) return 'Came directly';
  return host(referrer) === host(url) ? 'From another page of the site' : `From ${host(referrer)}`;
}

export function isPage(url: string): boolean {
  return /^https?:\/\//.test(url);
}

/** `14:05, Tuesday` in a time zone; '' for one that this browser does not know. */
export function localTime(zone: string, now: number): string {
  try {
    const time = { hour: '2-digit', minute: '2-digit', weekday: 'short', timeZone: zone } as const;
    return zone ? new Intl.DateTimeFormat('en-GB', time).format(now) : '';
  } catch {
    return '';
  }
}

/** `German (Austria)`, or the code itself. */
export function languageOf(locale: string): string {
  try {
    return locale ? (new Intl.DisplayNames('en', { type: 'language' }).of(locale) ?? locale) : '';
  } catch {
    return locale;
  }
}
