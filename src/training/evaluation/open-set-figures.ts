import { clopperPearson, type Interval } from './binomial-interval.js';

/** One search for a face in a gallery. */
export interface OpenSetSearch {
  /** Name of the part of the set that the photo belongs to; empty without parts. */
  readonly group: string;
  /** Who is on the photo, if that person is in the gallery; null for a stranger. */
  readonly mate: string | null;
  /** The name that was given; null for none. */
  readonly named: string | null;
  /** Whether a face was found on the photo at all. */
  readonly found: boolean;
}

/** A share of searches, with its exact interval at 95 % (Clopper–Pearson). */
export interface Share extends Interval {
  readonly count: number;
  readonly of: number;
  /** `count` / `of`, 0 to 1; null of none. */
  readonly rate: number | null;
}

/** The figures of one part of a set, in the words of ISO/IEC 19795-1 and of NIST's FRTE 1:N. */
export interface OpenSetFigures {
  readonly group: string;
  /** False-positive identification rate: searches for strangers that gave any name. */
  readonly fpir: Share;
  /** False-negative identification rate: searches for enrolled people that did not give their name. */
  readonly fnir: Share;
  /** Searches for enrolled people that gave another person's name; they count in `fnir`, too. */
  readonly misnamed: Share;
  /** Photos on which no face was found. They count as unnamed. */
  readonly missed: number;
}

/** The figures of each group, in the order in which they first appear, and of all together at the end if there are several. */
export function openSetFigures(searches: readonly OpenSetSearch[]): OpenSetFigures[] {
  const groups = [...new Set(searches.map(({ group }) => group))];
  const parts = groups.map((group) =>
    figuresOf(
      group,
      searches.filter((search) => search.group === group),
    ),
  );
  return groups.length === 1 ? parts : [...parts, figuresOf('all', searches)];
}

function figuresOf(group: string, searches: readonly OpenSetSearch[]): OpenSetFigures {
  const strangers = searches.filter(({ mate }) => mate === null);
  const enrolled = searches.filter(({ mate }) => mate !== null);
  return {
    group,
    fpir: shareOf(strangers, ({ named }) => named !== null),
    fnir: shareOf(enrolled, ({ mate, named }) => named !== mate),
    misnamed: shareOf(enrolled, ({ mate, named }) => named !== null && named !== mate),
    missed: searches.filter(({ found }) => !found).length,
  };
}

function shareOf(searches: readonly OpenSetSearch[], counts: (search: OpenSetSearch) => boolean): Share {
  const count = searches.filter(counts).length;
  const of = searches.length;
  return { count, of, rate: of === 0 ? null : count / of, ...clopperPearson(count, of) };
}
