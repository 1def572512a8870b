/** One or two letters that stand for a name: `Marta Holm` -> `MH`, `Visitor 48213` -> `V`. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s\-–]+/u).filter((word) => /^\p{L}/u.test(word));
  if (words.length === 0) return '?';
  const first = [...words[0]!][0]!;
  const last = words.length > 1 ? [...words[words.length - 1]!][0]! : '';
  return (first + last).toLocaleUpperCase();
}

/** A hue 0..359 that is always the same for the same name. */
export function hueOf(name: string): number {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)!) % 3600;
  return (hash * 47) % 360;
}
