/** `@name` in a comment (TEAM-1). Pure. */
import { bare } from './names';

export interface Named {
  id: number;
  name: string;
}

/** The `@word` that is being typed just before the caret: where it begins and what follows the sign; else null. */
export function mentionAt(text: string, caret: number): { from: number; words: string } | null {
  const at = text.lastIndexOf('@', caret - 1);
  if (at < 0 || (at > 0 && !/[\s([{,;:/'"-]/.test(text[at - 1]!))) return null;
  const words = text.slice(at + 1, caret);
  return words.length > 60 || /[\n@]|\s\s|\s\S*\s\S*\s/.test(words) ? null : { from: at, words };
}

/** Who matches what was typed after the sign: those who are there first, then by the beginning of a name. */
export function matching<T extends Named & { online: boolean }>(team: readonly T[], words: string): T[] {
  const wanted = bare(words);
  const rank = (one: T) => {
    const name = bare(one.name);
    if (name.startsWith(wanted)) return 0;
    return name.split(' ').some((part) => part.startsWith(wanted)) ? 1 : 2;
  };
  return team
    .filter((one) => bare(one.name).includes(wanted))
    .sort((a, b) => Number(b.online) - Number(a.online) || rank(a) - rank(b) || a.name.localeCompare(b.name));
}

export type Piece = string | Named;

/** A text cut at its mentions. Of two names that fit, the longer one counts; of two people with one name, the first. */
export function piecesOf(text: string, people: readonly Named[]): Piece[] {
  const byLength = [...people].sort((a, b) => b.name.length - a.name.length);
  const pieces: Piece[] = [];
  let from = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const found = byLength.find(
      ({ name }) =>
        name && text.startsWith(name, at + 1) && !/[\p{L}\p{N}]/u.test(text[at + 1 + name.length] ?? ''),
    );
    if (!found || at < from) continue;
    if (at > from) pieces.push(text.slice(from, at));
    pieces.push(found);
    from = at + 1 + found.name.length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

/** The ids of those whom a text names, each once. `chosen` decides between people with one name. */
export function mentionsIn(text: string, people: readonly Named[], chosen: readonly number[]): number[] {
  const first = [...people].sort((a, b) => Number(chosen.includes(b.id)) - Number(chosen.includes(a.id)));
  const ids = piecesOf(text, first).flatMap((piece) => (typeof piece === 'string' ? [] : [piece.id]));
  return [...new Set(ids)];
}
