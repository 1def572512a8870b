/** Case and accents do not matter when one looks for a name: `tomas` is Tomás. */
export function bare(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Whether a name holds what was typed. */
export function names(name: string, typed: string): boolean {
  return bare(name).includes(bare(typed.trim()));
}
