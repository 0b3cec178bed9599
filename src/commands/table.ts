import Table from 'cli-table3';

/** No lines: columns stand two spaces apart. */
const noLines = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};

/**
 * Rows under headings, in columns as wide as their widest cell on a terminal, where Chinese characters and emoji take
 * two places.
 * @param toTheRight columns of figures, which line up at their right ends
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  toTheRight: readonly number[] = [],
): string {
  return layOut([headings, ...rows], toTheRight);
}

/** A table of what there is; where there is nothing, a line that says what to do next. */
export function listing(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { toTheRight = [], none }: { readonly toTheRight?: readonly number[]; readonly none: string },
): string {
  return rows.length === 0 ? `${none}\n` : table(headings, rows, toTheRight);
}

/** Names and values below each other, the values in one column. */
export function figureTable(rows: readonly (readonly [name: string, value: string])[]): string {
  return layOut(rows, []);
}

function layOut(lines: readonly (readonly string[])[], toTheRight: readonly number[]): string {
  const columns = lines[0]?.length ?? 0;
  const laidOut = new Table({
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: Array.from({ length: columns }, (_, column) =>
      toTheRight.includes(column) ? 'right' : 'left',
    ),
  });
  laidOut.push(...lines.map((line) => [...line]));
  return laidOut
    .toString()
    .split('\n')
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** A moment in milliseconds since the epoch as people read it, in local time. */
export function dateAndTime(moment: number): string {
  // The Swedish way of writing dates is that of ISO 8601.
  return new Date(moment).toLocaleString('sv-SE');
}
