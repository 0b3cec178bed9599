import type { Neighbour, Person } from '../../core/face.js';
import { FaceIndex } from '../../recognition/gallery/face-index.js';
import type { IdentificationFold } from '../folds.js';
import type { Random } from '../random.js';
import type { TrainingPhoto } from '../training-set.js';
import { percent, signFlipTest, significance, type Verdict } from './verdict.js';

/** A held-out photo and the names that the two rules gave it; null stands for no name. */
export interface Answer {
  readonly person: string;
  /** Whether the person was left out of the gallery, so that every name is wrong. */
  readonly stranger: boolean;
  readonly plain: string | null;
  readonly trained: string | null;
}

/** Counts of held-out photos. */
export interface IdentificationFigures {
  /** Photos of people of the gallery. */
  readonly probes: number;
  readonly rightNames: number;
  readonly wrongNames: number;
  /** Photos of people who were left out. */
  readonly strangers: number;
  readonly strangersNamed: number;
}

type Rule = 'plain' | 'trained';

export function identificationFigures(answers: readonly Answer[], rule: Rule): IdentificationFigures {
  const probes = answers.filter(({ stranger }) => !stranger);
  const strangers = answers.filter(({ stranger }) => stranger);
  const right = probes.filter((answer) => answer[rule] === answer.person).length;
  return {
    probes: probes.length,
    rightNames: right,
    wrongNames: probes.filter((answer) => answer[rule] !== null).length - right,
    strangers: strangers.length,
    strangersNamed: strangers.filter((answer) => answer[rule] !== null).length,
  };
}

/** Right names minus false ones. The head with the most is chosen. */
export function netNames(answers: readonly Answer[], rule: Rule): number {
  return answers.reduce((sum, answer) => sum + worth(answer, rule), 0);
}

/**
 * Switches the head on if it gives no more false names than the plain distance, and significantly more right ones.
 *
 * @param tries how many heads this one was chosen from, for the correction for multiple comparisons
 */
export function identificationVerdict(answers: readonly Answer[], tries: number, random: Random): Verdict {
  const [plain, trained] = [
    identificationFigures(answers, 'plain'),
    identificationFigures(answers, 'trained'),
  ];
  const [falsePlain, falseTrained] = [plain, trained].map(
    (figures) => figures.wrongNames + figures.strangersNamed,
  ) as [number, number];
  const pValue = Math.min(1, tries * signFlipTest(gains(answers), random));
  const counts =
    `${trained.rightNames} of ${trained.probes} photos rightly and ${falseTrained} falsely, ` +
    `the plain distance ${plain.rightNames} and ${falsePlain}`;
  if (falseTrained > falsePlain)
    return { switchedOn: false, pValue, reason: `It named ${counts}: more false names.` };
  if (netNames(answers, 'trained') <= netNames(answers, 'plain'))
    return { switchedOn: false, pValue, reason: `It named ${counts}: no better.` };
  const switchedOn = pValue <= significance;
  const odds = `chance alone would do as well with probability ${percent(pValue)}`;
  return {
    switchedOn,
    pValue,
    reason: `It named ${counts}; ${odds}${switchedOn ? '' : `, and ${percent(significance)} is the most that counts`}.`,
  };
}

/**
 * By how much the head did better, for each independent unit. The gallery's people are the ones that the head is for,
 * so each of their photos is a unit. Unknown people stand for other strangers, so each of them is a unit with all photos.
 */
function gains(answers: readonly Answer[]): number[] {
  const probes: number[] = [];
  const strangers = new Map<string, number>();
  for (const answer of answers) {
    const gain = worth(answer, 'trained') - worth(answer, 'plain');
    if (answer.stranger) strangers.set(answer.person, (strangers.get(answer.person) ?? 0) + gain);
    else probes.push(gain);
  }
  return [...probes, ...strangers.values()];
}

function worth(answer: Answer, rule: Rule): number {
  const named = answer[rule];
  if (named === null) return 0;
  return !answer.stranger && named === answer.person ? 1 : -1;
}

/** How many of the nearest people a rule sees, the same as in recognition. */
const neighbours = 3;

/** A rule that names a face, like `judge` of recognition/decision/decision.ts. */
export type NamingRule = (vector: Float32Array, nearest: readonly Neighbour[]) => Person | null | 'unclear';

/** Names the held-out photos of a fold by one rule: probes first, then strangers. Null stands for no name. */
export function nameProbes(
  fold: IdentificationFold,
  vectorOf: (photo: TrainingPhoto) => Float32Array,
  rule: NamingRule,
): (string | null)[] {
  const asked = heldOut(fold);
  const index = new FaceIndex(vectorOf(asked[0] as TrainingPhoto).length);
  for (const photo of fold.gallery) {
    const { person: name, path } = photo;
    index.add({ faceId: path, person: { id: name, name }, role: 'example', vector: vectorOf(photo) });
  }
  return asked.map((photo) => {
    const vector = vectorOf(photo);
    const named = rule(vector, index.nearest(vector, neighbours));
    return named === null || named === 'unclear' ? null : named.name;
  });
}

/** The held-out photos of a fold with the answers of both rules, given in the order of `nameProbes`. */
export function compareAnswers(
  fold: IdentificationFold,
  plain: readonly (string | null)[],
  trained: readonly (string | null)[],
): Answer[] {
  return heldOut(fold).map(({ person }, index) => ({
    person,
    stranger: index >= fold.probes.length,
    plain: plain[index] ?? null,
    trained: trained[index] ?? null,
  }));
}

function heldOut({ probes, strangers }: IdentificationFold): TrainingPhoto[] {
  return [...probes, ...strangers];
}
