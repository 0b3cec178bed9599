/**
 * Rows under headings, in columns as wide as their widest cell.
 * @param toTheRight columns of figures, which line up at their right ends
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  toTheRight: readonly number[] = [],
): string {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) =>
    lines.reduce((widest, line) => Math.max(widest, line[column]?.length ?? 0), 0),
  );
  const pad = (cell: string, column: number): string =>
    toTheRight.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return lines.map((line) => `${line.map(pad).join('  ').trimEnd()}\n`).join('');
}

/** A moment in milliseconds since the epoch as people read it, in local time. */
export function dateAndTime(moment: number): string {
  // The Swedish way of writing dates is that of ISO 8601.
  return new Date(moment).toLocaleString('sv-SE');
}
