import type { HeadKind } from '../core/heads.js';
import type { ModelRef } from '../core/face.js';
import type { Figures, ThresholdUsed, TrainingOutcome, Trial } from '../training/outcome.js';
import { percent } from '../training/comparison/verdict.js';
import { describeDropped, restartNeeded } from './unfit-heads.js';
import type { RefusedPhoto } from './embed-photos.js';
import { table } from './table.js';

/** What `sightline train … --json` prints. */
export interface TrainReport {
  readonly head: HeadKind;
  readonly embedder: ModelRef;
  readonly seed: number;
  readonly people: readonly { readonly name: string; readonly photos: number }[];
  readonly refused: readonly RefusedPhoto[];
  readonly copies: readonly { readonly path: string; readonly of: string }[];
  readonly split: { readonly folds: number; readonly description: string };
  /** Null for the Siamese head, which names nobody. */
  readonly naming: ThresholdUsed | null;
  readonly plain: Figures;
  readonly trained: readonly Trial[];
  readonly pValue: number;
  readonly switchedOn: boolean;
  readonly reason: string;
  /** Whether a head of an earlier training was on before, and so still is when this one is not switched on. */
  readonly earlierHead: boolean;
  /** Heads trained on other embeddings than there are with this one. */
  readonly switchedOff: readonly HeadKind[];
  readonly seconds: { readonly embedding: number; readonly training: number };
}

/** How the photos were split, for people. */
export function describeSplit(kind: HeadKind, { folds }: Pick<TrainingOutcome, 'folds'>): string {
  return kind === 'siamese'
    ? `${folds} folds of people: each person's pairs are judged by a head that never saw them`
    : `${folds} folds: each person is a stranger, left out completely, in one; their photos are held out in turn in the others`;
}

/** Within which distance photos were named, and why. */
export function describeNaming({ threshold, photos, falseNameRate }: ThresholdUsed): string {
  const range = ([least, most]: readonly [number, number], digits: number): string => {
    const [from, to] = [least.toFixed(digits), most.toFixed(digits)];
    return from === to ? from : `${from} to ${to}`;
  };
  const within = `plain distance: a name within ${range(threshold, 3)}, `;
  return falseNameRate === null
    ? `${within}as recognition.threshold has it`
    : `${within}as a false-name rate of ${falseNameRate} needs with ${range(photos, 0)} photos enrolled`;
}

/** The report as text. */
export function describeReport(report: TrainReport): string {
  const { head, embedder, seed, people, refused, copies, split, seconds } = report;
  const photos = people.reduce((sum, person) => sum + person.photos, 0);
  return [
    `${head} head for ${embedder.id} version ${embedder.version}, seed ${seed}`,
    `${people.length} people, ${photos} photos: ${people.map(({ name, photos: own }) => `${name} ${own}`).join(', ')}`,
    ...refused.map(({ path, code, message }) => `✗ ${path} refused: ${code}: ${message}`),
    ...copies.map(({ path, of }) => `✗ ${path} left out: a copy of ${of}`),
    split.description,
    ...(report.naming ? [describeNaming(report.naming)] : []),
    '',
    trials([{ name: 'plain distance', figures: report.plain }, ...report.trained]),
    ...conclusion(report),
    `Embedding took ${seconds.embedding.toFixed(1)} s, training ${seconds.training.toFixed(1)} s`,
    '',
  ].join('\n');
}

function conclusion({ head, switchedOn, reason, earlierHead, switchedOff }: TrainReport): string[] {
  if (switchedOn) {
    const others = describeDropped(switchedOff);
    // Only `sightline verify` uses a Siamese head.
    const restart = head === 'siamese' ? [] : [restartNeeded];
    return [reason, `The ${head} head is switched on`, ...others, ...restart];
  }
  return [
    reason,
    `The ${head} head is not switched on${earlierHead ? '; the one trained before stays on' : ''}`,
  ];
}

function trials(all: readonly Trial[]): string {
  const headings = ['', ...(all[0] ? titles(all[0].figures) : [])];
  const rows = all.map(({ name, figures }) => [name, ...cells(figures)]);
  return table(headings, rows, [...headings.keys()].slice(1));
}

function titles(figures: Figures): string[] {
  return 'probes' in figures
    ? ['right names', 'wrong names', 'of photos', 'strangers named', 'of photos']
    : ['accuracy', 'log-loss', 'false accepts', 'of pairs', 'false rejects', 'of pairs'];
}

function cells(figures: Figures): string[] {
  if ('probes' in figures) {
    const { rightNames, wrongNames, probes, strangersNamed, strangers } = figures;
    return [rightNames, wrongNames, probes, strangersNamed, strangers].map(String);
  }
  const { accuracy, logLoss, falseAccepts, differentPairs, falseRejects, samePairs } = figures;
  const counts = [falseAccepts, differentPairs, falseRejects, samePairs].map(String);
  return [percent(accuracy), logLoss.toFixed(4), ...counts];
}
