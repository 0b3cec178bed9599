import type { Random } from '../random.js';
import { percent, signFlipTest, significance, type Verdict } from './verdict.js';

/** A held-out pair and the probability, 0 to 1, that it shows one person, by each of the two rules. */
export interface PairAnswer {
  readonly people: readonly [string, string];
  readonly same: boolean;
  readonly plain: number;
  readonly trained: number;
}

type Rule = 'plain' | 'trained';

export interface VerificationFigures {
  readonly samePairs: number;
  readonly differentPairs: number;
  /** Pairs of different people with a probability above one half. */
  readonly falseAccepts: number;
  /** Pairs of one person with a probability of one half or less. */
  readonly falseRejects: number;
  /** 0 to 1, with both kinds of pairs weighted equally. */
  readonly accuracy: number;
  /** Mean of −ln of the probability of the truth, with both kinds of pairs weighted equally; lower is better. */
  readonly logLoss: number;
}

export function verificationFigures(answers: readonly PairAnswer[], rule: Rule): VerificationFigures {
  const [same, different] = [true, false].map((kind) => answers.filter((answer) => answer.same === kind)) as [
    PairAnswer[],
    PairAnswer[],
  ];
  const falseAccepts = different.filter((answer) => answer[rule] > 0.5).length;
  const falseRejects = same.filter((answer) => answer[rule] <= 0.5).length;
  return {
    samePairs: same.length,
    differentPairs: different.length,
    falseAccepts,
    falseRejects,
    accuracy: 1 - (falseAccepts / different.length + falseRejects / same.length) / 2,
    logLoss: (meanLoss(same, rule) + meanLoss(different, rule)) / 2,
  };
}

/** Switches the head on if its probabilities are significantly better and its accuracy is not worse. */
export function verificationVerdict(answers: readonly PairAnswer[], random: Random): Verdict {
  const [plain, trained] = [verificationFigures(answers, 'plain'), verificationFigures(answers, 'trained')];
  const pValue = signFlipTest(gainByPerson(answers), random);
  const counts =
    `a log-loss of ${trained.logLoss.toFixed(4)} and an accuracy of ${percent(trained.accuracy)} on ${answers.length} ` +
    `held-out pairs, where the plain distance had ${plain.logLoss.toFixed(4)} and ${percent(plain.accuracy)}`;
  if (trained.logLoss >= plain.logLoss || trained.accuracy < plain.accuracy)
    return { switchedOn: false, pValue, reason: `It had ${counts}: no better.` };
  const switchedOn = pValue <= significance;
  const odds = `chance alone would do as well with probability ${percent(pValue)}`;
  return {
    switchedOn,
    pValue,
    reason: `It had ${counts}; ${odds}${switchedOn ? '' : `, and ${percent(significance)} is the most that counts`}.`,
  };
}

/** By how much the head did better on each person's pairs. Pairs of one person are not independent of each other. */
function gainByPerson(answers: readonly PairAnswer[]): number[] {
  const same = answers.filter((answer) => answer.same).length;
  const gains = new Map<string, number>();
  for (const answer of answers) {
    const share = 0.5 / (answer.same ? same : answers.length - same);
    const gain = share * (loss(answer, 'plain') - loss(answer, 'trained'));
    for (const person of answer.people) gains.set(person, (gains.get(person) ?? 0) + gain / 2);
  }
  return [...gains.values()];
}

function meanLoss(answers: readonly PairAnswer[], rule: Rule): number {
  return answers.reduce((sum, answer) => sum + loss(answer, rule), 0) / answers.length;
}

/** The log-loss of one pair. It is bounded, so that one confident mistake does not decide everything. */
function loss(answer: PairAnswer, rule: Rule): number {
  const chance = answer.same ? answer[rule] : 1 - answer[rule];
  return -Math.log(Math.max(chance, 1e-6));
}
