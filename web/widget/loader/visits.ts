/**
 * Tells the desk which pages of the site are looked at (VISITOR-2), if the site and the person allow it. What it sends is a
 * form in plain text, so that no leave is asked for first; docs/protocol.md names the fields.
 */
const LOOK_S = 15;
const SETTLE_MS = 700;
const SHORT = 60;
const LONG = 500;
const MOST_FACTS = 20;
const OUT = 'out';

/** What the loader lends: `show` opens the panel, `sign` tells the frame who this is. */
export interface Hands {
  desk: string;
  site: string;
  safe: <A extends unknown[]>(run: (...given: A) => void) => (...given: A) => void;
  root: ShadowRoot;
  button: HTMLElement;
  framed(): boolean;
  show(focus: boolean, greet: string): void;
  sign(word: string): void;
}

export interface Visits {
  /** How the desk knows this browser; '' while it may not. */
  key(): string;
  /** A call of the page: docs/widget.md. */
  call(what: string, value: unknown): void;
  /** The panel was opened: nobody need be greeted any more. */
  opened(): void;
  stop(): void;
}

export function begin({ desk, site, safe, root, button, framed, show, sign }: Hands): Visits {
  const enc = encodeURIComponent;
  const doc = document;
  const store = (name: string) => 'deskbell.' + name + '.' + site;
  const read = (name: string) => localStorage.getItem(store(name)) || '';
  const address = desk + '/api/widget/visit';
  let mode = sessionStorage.getItem(store('track')) || '';
  let first = '&r=' + enc(doc.referrer);
  let before = '';
  let facts = '';
  let at = 0;
  let front = 0;
  let since = 0;
  let place = '';
  let probed = false;
  let on = true;
  let ask: ReturnType<typeof setTimeout> | undefined;
  let wait: ReturnType<typeof setTimeout> | undefined;
  const bubble = doc.createElement('p');

  function may(): boolean {
    const agreed = read('consent');
    const asked =
      (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl || navigator.doNotTrack === '1';
    return agreed ? agreed === '1' && mode !== 'off' : mode === 'on' && !asked;
  }

  /** The key, and the time and page of the first visit ever, which only this browser remembers. */
  function known(): string {
    let mine = read('visitor');
    if (!mine) {
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      for (let i = 0; i < 16; i++) mine += (bytes[i]! + 256).toString(16).slice(1);
      localStorage.setItem(store('visitor'), (mine += '&f=' + Date.now() + '&fu=' + enc(place)));
    }
    return mine;
  }

  const key = () => (may() ? known().slice(0, 32) : '');

  function view(): string {
    const now = Date.now();
    const seen = front + (since && now - since);
    return (
      '&i=' +
      at +
      '&u=' +
      enc(place) +
      '&t=' +
      enc(doc.title.slice(0, 300)) +
      '&a=' +
      (now - at) +
      '&w=' +
      ((seen / 1e3) | 0)
    );
  }

  const heard = safe((text: string) => {
    const answer = new URLSearchParams(text);
    const was = mode;
    sessionStorage.setItem(store('track'), (mode = answer.get('m') || ''));
    clearTimeout(wait);
    if (answer.get('wait'))
      wait = setTimeout(
        safe(() => send('&g=' + answer.get('g'))),
        +answer.get('wait')! * 1e3,
      );
    if (answer.get('chat') && !framed()) show(false, '');
    if (answer.get('say') && !framed()) say(answer.get('say')!, '' + answer.get('g'));
    if (!was) send();
  });

  /** A greeting beside the button: clicked, the chat opens; put away, it never comes again. */
  function say(text: string, id: string): void {
    const away = doc.createElement('button');
    away.textContent = '\u00d7';
    away.setAttribute('aria-label', 'Close');
    away.onclick = safe((event: Event) => {
      event.stopPropagation();
      bubble.remove();
      send('&x=1');
    });
    bubble.textContent = text;
    bubble.setAttribute('role', 'status');
    bubble.onclick = safe(() => show(true, id));
    bubble.appendChild(away);
    root.insertBefore(bubble, button);
  }

  function send(more = '', leaving = false): void {
    if (mode ? !may() : probed) return;
    probed = true;
    let body = 's=' + enc(site);
    if (mode) {
      body +=
        '&c=' +
        read('consent') +
        '&l=' +
        navigator.language +
        '&z=' +
        enc(Intl.DateTimeFormat().resolvedOptions().timeZone);
      body += first + '&k=' + (first ? known() : key()) + facts + before + view() + more;
      first = before = facts = '';
    }
    if (leaving) navigator.sendBeacon(address, body);
    else
      fetch(address, { method: 'POST', body, keepalive: true }).then(
        safe((answer: Response) => answer.ok && answer.text().then(heard)),
        () => 0,
      );
  }

  function turn(): void {
    const now = Date.now();
    if (since) front += now - since;
    since = doc.visibilityState === 'visible' ? now : 0;
  }

  /** Another page, or the first one. Its title comes a moment after its address. */
  const moved = safe(() => {
    if (!on || place === location.href) return;
    if (place && may()) before += view();
    turn();
    front = 0;
    at = Math.max(Date.now(), at + 1);
    place = location.href;
    clearTimeout(ask);
    clearTimeout(wait);
    ask = setTimeout(
      safe(() => send()),
      SETTLE_MS,
    );
  });

  const turned = safe(() => {
    turn();
    if (!since && mode) send('', true);
  });

  const past = history as unknown as Record<string, (...given: unknown[]) => unknown>;
  function wrap(name: string): void {
    const old = past[name]!;
    past[name] = function () {
      const out = old.apply(history, arguments as unknown as unknown[]);
      moved();
      return out;
    };
  }
  function set(given: object): void {
    facts = '';
    let n = 0;
    for (const name in given)
      if (Object.hasOwn(given, name) && n++ < MOST_FACTS) {
        const value = '' + (given as Record<string, unknown>)[name];
        facts += '&n=' + enc(name.slice(0, SHORT)) + '&v=' + enc(value.slice(0, LONG));
      }
    send();
  }

  const look = setInterval(
    safe(() => since && on && send()),
    LOOK_S * 1e3,
  );
  wrap('pushState');
  wrap('replaceState');
  addEventListener('popstate', moved);
  addEventListener('pagehide', turned);
  doc.addEventListener('visibilitychange', turned);
  moved();

  return {
    key,
    call(what, value) {
      if (what === 'set') set(value as object);
      else if (what === 'identify') sign('' + value);
      else if (what === 'logout') {
        localStorage.removeItem(store('visitor'));
        sign(OUT);
      } else if (what === 'consent') {
        localStorage.setItem(store('consent'), value ? '1' : '0');
        if (value) send();
        else localStorage.removeItem(store('visitor'));
      }
    },
    opened: () => bubble.remove(),
    stop() {
      on = false;
      clearInterval(look);
      clearTimeout(ask);
      clearTimeout(wait);
      removeEventListener('popstate', moved);
      removeEventListener('pagehide', turned);
      doc.removeEventListener('visibilitychange', turned);
    },
  };
}
