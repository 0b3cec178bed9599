import { describe, expect, it } from 'vitest';
import { euclideanDistance, l2Normalise } from '../../../../src/core/distance.js';
import { embedderFigures, type EmbeddedFace } from '../../../../src/training/evaluation/embedder-figures.js';
import { seededRandom } from '../../../../src/training/random.js';

const dimension = 48;

/** So many people with as many photos each, which differ by noise. */
function facesOf(people: number, photos: number, noise = 0.6): EmbeddedFace[] {
  const random = seededRandom(7);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const vector = (): Float32Array => Float32Array.from({ length: dimension }, normal);
  return Array.from({ length: people }, (_, person) => {
    const centre = vector();
    return Array.from({ length: photos }, () => {
      const change = vector();
      const photo = centre.map((value, index) => value + noise * (change[index] as number));
      return { person: String(person), vector: l2Normalise(photo) };
    });
  }).flat();
}

/** The share of pairs of different people within a distance. */
function falseAccepts(faces: readonly EmbeddedFace[], distance: number): number {
  let [within, pairs] = [0, 0];
  faces.forEach((face, index) => {
    for (const other of faces.slice(0, index)) {
      if (other.person === face.person) continue;
      pairs++;
      if (euclideanDistance(face.vector, other.vector) <= distance) within++;
    }
  });
  return within / pairs;
}

describe('embedderFigures', () => {
  const faces = facesOf(80, 4);
  const figures = embedderFigures(faces, 'made up', 5);

  it('counts what it was measured on', () => {
    expect(figures).toMatchObject({
      ...{ set: 'made up', measuredAt: 5, people: 80, photos: 320 },
      ...{ genuinePairs: 80 * 6, impostorPairs: (320 * 319) / 2 - 80 * 6 },
    });
  });

  it('states distances at which no more pairs are accepted than the rate allows, and hardly fewer', () => {
    const measured = figures.thresholds.filter(({ extrapolated }) => !extrapolated);
    expect(measured.map(({ falseAcceptRate }) => falseAcceptRate)).toEqual([1e-2, 1e-3]);
    for (const { falseAcceptRate, distance } of measured) {
      expect(falseAccepts(faces, distance)).toBeLessThanOrEqual(falseAcceptRate);
      expect(falseAccepts(faces, distance + 0.02)).toBeGreaterThan(falseAcceptRate);
    }
  });

  it('extrapolates rates that too few pairs bear, marks them, and errs on the strict side', () => {
    const extrapolated = figures.thresholds.filter((threshold) => threshold.extrapolated);
    expect(extrapolated.map(({ falseAcceptRate }) => falseAcceptRate)).toEqual([1e-4, 1e-5, 1e-6]);
    const distances = figures.thresholds.map(({ distance }) => distance);
    expect(distances).toEqual(distances.toSorted((a, b) => b - a));
    expect(new Set(distances).size).toBe(5);
    // Many more pairs of the same kind show what the rate 1e-4 really is.
    const many = embedderFigures(facesOf(400, 4), 'more', 5).thresholds[2]!;
    expect(many.extrapolated).toBe(false);
    expect(extrapolated[0]!.distance).toBeLessThanOrEqual(many.distance);
    expect(extrapolated[0]!.distance).toBeGreaterThan(many.distance - 0.15);
  });

  it('fits a confidence of one half where both kinds of pair are equally common', () => {
    const { midpoint, slope } = figures.confidence;
    const at = (distance: number): number => 1 / (1 + Math.exp(slope * (distance - midpoint)));
    const [genuine, impostor] = [true, false].map((same) => {
      const chances = faces.flatMap((face, index) =>
        faces
          .slice(0, index)
          .filter((other) => (other.person === face.person) === same)
          .map((other) => at(euclideanDistance(face.vector, other.vector))),
      );
      return chances.reduce((sum, chance) => sum + chance, 0) / chances.length;
    });
    expect(genuine).toBeGreaterThan(0.95);
    expect(impostor).toBeLessThan(0.05);
    // Logistic regression with an intercept: the mean chance is the share of genuine pairs.
    expect((genuine! + impostor!) / 2).toBeCloseTo(0.5, 2);
    expect(figures.leastMargin).toBeCloseTo(3 / slope, 2);
  });

  it('stays finite where the two kinds of pair do not overlap', () => {
    const { confidence, leastMargin } = embedderFigures(facesOf(80, 4, 0.001), 'easy', 5);
    expect(Number.isFinite(confidence.slope) && confidence.slope > 0).toBe(true);
    expect(leastMargin).toBeGreaterThan(0);
  });

  it.each([
    ['few people', facesOf(40, 8)],
    ['few pairs', facesOf(60, 2)],
    ['nobody twice', facesOf(200, 1)],
  ])('refuses a set with %s, and says how many there are', (_, few) => {
    expect(() => embedderFigures(few, 'few', 5)).toThrow(
      expect.objectContaining({
        code: 'EVALUATION_DATA_INSUFFICIENT',
        message: expect.stringMatching(/received \d+ people with \d+ and \d+ pairs/) as string,
      }),
    );
  });
});
