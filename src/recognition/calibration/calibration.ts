import type { ModelRef } from '../../core/face.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import { DistanceHistogram } from './distance-histogram.js';

/** How much nearer to the gallery local strangers are than the strangers that an embedder was measured on. */
export interface Calibration {
  /** The model whose distances it speaks of. */
  readonly model: ModelRef;
  /** The unknown people it was estimated from. */
  readonly people: number;
  /** Added to the embedder's distance at any false-accept rate; 0 or below, so a threshold only ever gets stricter. */
  readonly shift: number;
}

/** With fewer people than this nothing is moved: one or two visitors say little about the next one. */
const leastPeople = 3;

/**
 * The weight of the embedder's own figures, in people. The shift varies between places (standard deviation about .07 with
 * MobileFaceNet) more than one local person's distances vary within a place, so one local person counts as much as they.
 */
const priorPeople = 1;

/** The rates at which `ImpostorQuantiles.nearest` gives distances. */
const nearestRates = [0.2, 0.1, 0.05];

/** The largest rate among `EmbedderSpec.thresholds`, at which the distance bounds the shift. */
const firstTailRate = 0.01;

/** Distances of an unknown person's crops to the photos of one person of the gallery. */
export type PairDistances = readonly number[];

/**
 * Collects how near local strangers come to the gallery, and estimates from that how the impostor distribution of this
 * place lies to the one that the embedder was measured on (cohort-based score normalisation, as in Auckenthaler et al.,
 * "Score Normalization for Text-Independent Speaker Verification Systems", 2000, but with upper quantiles).
 *
 * Only the location is estimated, at the 20, 10 and 5 % of pairs that are nearest, and the shape of the tail is the
 * embedder's: a local scale would be multiplied by three to four standard deviations at the rates that matter, and its
 * error with it. Every pair of people weighs the same, however often somebody was seen. docs/recognition.md has the
 * measurements behind each of these choices.
 */
export class LocalImpostors {
  readonly #spec: EmbedderSpec;
  readonly #histogram = new DistanceHistogram();
  #people = 0;

  constructor(spec: EmbedderSpec) {
    this.#spec = spec;
  }

  /**
   * Adds an unknown person. A person of the gallery whom they resemble so much that both would be verified as one is left
   * out: that may be a known person whom a poor picture made a stranger, and they must not move their own threshold.
   *
   * @param pairs the distances to each person of the gallery
   */
  add(pairs: readonly PairDistances[]): void {
    const impostors = pairs.filter(
      (distances) => distances.length > 0 && Math.min(...distances) > this.#spec.threshold,
    );
    if (impostors.length === 0) return;
    this.#people++;
    for (const distances of impostors)
      for (const distance of distances) this.#histogram.add(distance, 1 / distances.length);
  }

  /** What all people added so far say; a shift of 0 while they are too few. */
  estimate(): Calibration {
    const { model } = this.#spec;
    return { model, people: this.#people, shift: this.#shift() };
  }

  #shift(): number {
    const { impostors, thresholds } = this.#spec;
    if (impostors === null || this.#people < leastPeople) return 0;
    const differences = nearestRates.map(
      (rate, index) => this.#histogram.quantile(rate) - (impostors.nearest[index] as number),
    );
    const measured = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
    const shrunk = (measured * this.#people) / (this.#people + priorPeople);
    const tail = thresholds.find(({ falseAcceptRate }) => falseAcceptRate <= firstTailRate);
    const strictest = (tail?.distance ?? impostors.median) - impostors.median;
    return Math.max(strictest, Math.min(0, shrunk));
  }
}

/** What a calibration adds to the distances of a model; null when it says nothing about that model. */
export function shiftFor(model: ModelRef, calibration: Calibration | null): number | null {
  if (calibration === null || calibration.people < leastPeople) return null;
  const { id, version } = calibration.model;
  return id === model.id && version === model.version ? calibration.shift : null;
}
