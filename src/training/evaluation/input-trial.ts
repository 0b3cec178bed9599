import { isDeepStrictEqual } from 'node:util';
import { l2Normalise } from '../../core/distance.js';
import { alignments } from '../../core/face-embedder.js';
import type { NetworkInput } from '../../models/network-input.js';

/** What is known of a face: faces of one person differ in photos, faces of one photo in people. */
export interface TrialFace {
  readonly photo: string;
  /** Null for somebody whose other photos are not known. */
  readonly person: string | null;
}

/** Embeds every face as a network would that expects this; vectors need not be normalised. */
export type TrialEmbedder = (input: NetworkInput) => Promise<readonly Float32Array[]>;

/** What a network was tried with. */
export interface Trial {
  readonly input: NetworkInput;
  /**
   * How well it tells faces apart: the distance between the mean cosines of pairs of one person and of different people, in
   * deviations (d′ of signal detection theory).
   */
  readonly separation: number;
}

export interface TrialOutcome {
  readonly stated: Trial;
  /** What separates clearly better than what was stated; null for nothing. */
  readonly better: Trial | null;
  /** What is wrong with the network or with what was stated; null for nothing. */
  readonly objection: string | null;
}

/**
 * By how much an alternative must separate better than what was stated. On the shipped faces the ratio of two settings
 * varies by about 5 % by chance (jackknife), and the wrong order of colours costs 4 to 12 % (docs/own-model.md).
 */
const clearlyBetter = 1.05;
/**
 * Embedders that suit their input reach 6 to 10 on the shipped faces. Those are of one scene, so that the mean colours of a
 * face alone reach 3; MobileFaceNet fed 0 to 255 has 2.8.
 */
const leastSeparation = 4;
/** Two faces of different people that are as near as this are one to the network. */
const equalCosine = 0.9999;
/** Two options may be wrong together, and the second only shows once the first is right. */
const mostRounds = 3;

const commonScales = [
  { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] },
  { mean: [0, 0, 0], std: [255, 255, 255] },
  { mean: [0, 0, 0], std: [1, 1, 1] },
  { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] },
] as const;
const commonSides = [96, 112, 128, 160, 224];

/**
 * Tries a network on faces of known people as stated, and with the order of colours, scale and template changed one at a
 * time; from the best again, until nothing separates clearly better.
 *
 * @param isSideOpen whether the network takes faces of any side, so that a wrong one would not be noticed otherwise
 */
export async function tryInputs(
  faces: readonly TrialFace[],
  input: NetworkInput,
  isSideOpen: boolean,
  embed: TrialEmbedder,
): Promise<TrialOutcome> {
  const vectors = await embed(input);
  const stated = { input, separation: 0 };
  const fault = faultOf(faces, vectors);
  if (fault !== null) return { stated, better: null, objection: fault };
  const known = { input, separation: separationOf(faces, vectors.map(l2Normalise)) };
  let best: Trial = known;
  for (let round = 0; round < mostRounds; round++) {
    const next = await bestOf(alternativesTo(best.input, isSideOpen), faces, embed);
    if (!next || next.separation < best.separation * clearlyBetter) break;
    best = next;
  }
  if (best.separation < leastSeparation) return { stated: known, better: null, objection: uselessAt(best) };
  const better = best === known ? null : best;
  return { stated: known, better, objection: better && objectionTo(known, better) };
}

async function bestOf(
  inputs: readonly NetworkInput[],
  faces: readonly TrialFace[],
  embed: TrialEmbedder,
): Promise<Trial | undefined> {
  let best: Trial | undefined;
  for (const input of inputs) {
    const vectors = await embed(input);
    if (faultOf(faces, vectors) !== null) continue;
    const separation = separationOf(faces, vectors.map(l2Normalise));
    if (separation > (best?.separation ?? 0)) best = { input, separation };
  }
  return best;
}

function alternativesTo(input: NetworkInput, isSideOpen: boolean): NetworkInput[] {
  const { color, mean, std, template, side } = input;
  const swapped = color === 'rgb' ? 'bgr' : 'rgb';
  const inOrder = (values: readonly [number, number, number]): [number, number, number] =>
    color === 'rgb' ? [...values] : [values[2], values[1], values[0]];
  const scales = commonScales
    .map((scale) => ({ mean: inOrder(scale.mean), std: inOrder(scale.std) }))
    .filter((scale) => !isDeepStrictEqual(scale, { mean, std }));
  return [
    { ...input, color: swapped, mean: mean.toReversed() as typeof mean, std: std.toReversed() as typeof std },
    ...scales.map((scale) => ({ ...input, ...scale })),
    ...alignments.filter((each) => each !== template).map((each) => ({ ...input, template: each })),
    ...(isSideOpen
      ? commonSides.filter((each) => each !== side).map((each) => ({ ...input, side: each }))
      : []),
  ];
}

/** What makes the outputs useless, whatever they are compared by; null for nothing. */
function faultOf(faces: readonly TrialFace[], vectors: readonly Float32Array[]): string | null {
  if (vectors.some((vector) => !vector.every(Number.isFinite)))
    return 'Expected finite outputs but received NaN or infinity for a face';
  if (vectors.some((vector) => vector.every((value) => value === 0)))
    return 'Expected outputs but received only zeros for a face';
  const similar = cosines(faces, vectors.map(l2Normalise)).different;
  const equal = similar.filter((cosine) => cosine > equalCosine).length;
  if (equal * 2 > similar.length)
    return 'Expected different outputs for different people but received the same one';
  return null;
}

function separationOf(faces: readonly TrialFace[], vectors: readonly Float32Array[]): number {
  const { same, different } = cosines(faces, vectors);
  const spread = Math.sqrt((variance(same) + variance(different)) / 2);
  return (mean(same) - mean(different)) / spread;
}

/** Cosines of the pairs of faces of which it is known whether they show one person. */
function cosines(
  faces: readonly TrialFace[],
  vectors: readonly Float32Array[],
): { same: number[]; different: number[] } {
  const [same, different]: [number[], number[]] = [[], []];
  faces.forEach((face, index) => {
    for (let before = 0; before < index; before++) {
      const other = faces[before] as TrialFace;
      if (face.person === null && other.person === null && face.photo !== other.photo) continue;
      const isSame = face.person !== null && face.person === other.person;
      (isSame ? same : different).push(dot(vectors[index] as Float32Array, vectors[before] as Float32Array));
    }
  });
  return { same, different };
}

function objectionTo(stated: Trial, better: Trial): string {
  const changes = optionsThatDiffer(stated.input, better.input);
  const [was, would] = [changes.map((each) => each.was), changes.map((each) => each.would)];
  const [low, high] = [stated.separation.toFixed(2), better.separation.toFixed(2)];
  return `Expected ${was.join(' ')} to suit the network but ${would.join(' ')} separates people better: ${high} against ${low}; did you mean ${would.join(' ')}?`;
}

function uselessAt({ separation }: Trial): string {
  return `Expected a network that tells people apart (a separation of ${leastSeparation} or more) but received ${separation.toFixed(2)} at best, whatever it was fed`;
}

/** Command-line options of two inputs where they differ. */
function optionsThatDiffer(was: NetworkInput, would: NetworkInput): { was: string; would: string }[] {
  const [before, after] = [optionsOf(was), optionsOf(would)];
  // A network with other colours has its means in the other order; that follows, and is no change of its own.
  const follows = was.color !== would.color && [...would.mean].reverse().join() === was.mean.join();
  return before.flatMap((option, index) => {
    const other = after[index] as string;
    const isScale = option.startsWith('--mean') || option.startsWith('--std');
    return option === other || (isScale && follows) ? [] : [{ was: option, would: other }];
  });
}

/** What one types to state an input. */
export function optionsOf({ side, color, mean, std, template }: NetworkInput): string[] {
  const list = (values: readonly number[]): string =>
    values.every((value) => value === values[0]) ? String(values[0]) : values.join(',');
  return [
    `--size ${side}`,
    `--color ${color}`,
    `--mean ${list(mean)}`,
    `--std ${list(std)}`,
    `--template ${template}`,
  ];
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
}
