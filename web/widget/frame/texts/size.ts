export function sizeOf(bytes: number): string {
  const kilo = Math.max(1, Math.round(bytes / 1000));
  return kilo < 1000 ? `${kilo} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
