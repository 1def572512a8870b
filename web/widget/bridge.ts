/**
 * What the host page's loader and the frame say to each other. Nothing secret crosses: the host page reads all of it.
 * Both check the window, the origin and the shape of each message.
 */

export const MARK = 'deskbell:1';

export type ToFrame =
  /** The panel was opened or put away; `focus` when a person did it. */
  /** `greet`: the greeting that was answered by opening it. */
  { d: typeof MARK; t: 'shown'; shown: boolean; focus: boolean; greet: string };

export type ToHost =
  /** The frame runs. `color` and `position` are the site's look. */
  | { d: typeof MARK; t: 'up'; color: string; position: string; label: string }
  | { d: typeof MARK; t: 'unread'; count: number }
  /** A person asked to put the panel away. */
  | { d: typeof MARK; t: 'close' }
  /** From the page that a hiding launcher asks: somebody can answer now. */
  | { d: typeof MARK; t: 'open'; open: boolean }
  /** A conversation is open here: load the frame with the next page, without a click. */
  | { d: typeof MARK; t: 'chat'; open: boolean };

const COLOR = /^#[0-9a-f]{6}$/i;

/** `#rrggbb`, or nothing: it goes into a style sheet. */
export function safeColor(value: unknown): string {
  return typeof value === 'string' && COLOR.test(value) ? value : '';
}

/** Black or white, whichever reads better on a colour (`#rrggbb`): at least 4.5 : 1 on any. */
export function inkOn(color: string): string {
  const part = (from: number) => {
    const value = parseInt(color.slice(from, from + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const light = 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
  return light > 0.179 ? '#000' : '#fff';
}
