import type { Random } from './random.js';
import { signFlipTest } from './sign-flip.js';
import { percent, significance, type Verdict } from './verdict.js';

/** A held-out photo and whom the two rules took it for; null is nobody. */
export interface Answer {
  readonly person: string;
  /** Whether the person was left out of the gallery: then nobody is right. */
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

/** Right names less false ones: what a head is chosen by. */
export function netNames(answers: readonly Answer[], rule: Rule): number {
  return answers.reduce((sum, answer) => sum + worth(answer, rule), 0);
}

/**
 * On when the head gives no more false names than the plain distance, and more right ones than chance would.
 *
 * @param tries how many heads the one was chosen from: each had its chance
 */
export function identificationVerdict(answers: readonly Answer[], tries: number, random: Random): Verdict {
  const [plain, trained] = [
    identificationFigures(answers, 'plain'),
    identificationFigures(answers, 'trained'),
  ];
  const [falsePlain, falseTrained] = [plain, trained].map((of) => of.wrongNames + of.strangersNamed) as [
    number,
    number,
  ];
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
 * By how much the head did better, in units that are independent of each other. The gallery's people are the very ones
 * that it is for, so each of their photos is a unit. The strangers stand for others, so each of them is one, with all
 * photos.
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
