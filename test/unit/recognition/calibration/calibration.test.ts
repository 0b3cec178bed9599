import { describe, expect, it } from 'vitest';
import {
  LocalImpostors,
  shiftFor,
  type Calibration,
} from '../../../../src/recognition/calibration/calibration.js';
import { distanceAt, rulesFor } from '../../../../src/recognition/decision/decision.js';
import { distancesTo, madeUpEmbedder, MadeUpPeople } from './made-up-place.js';

const spec = madeUpEmbedder();

function estimate(cohort: readonly Float32Array[], gallery: readonly Float32Array[]): Calibration {
  const impostors = new LocalImpostors(spec);
  for (const person of cohort) impostors.add(distancesTo(person, gallery));
  return impostors.estimate();
}

/** The share of comparisons of strangers with the gallery within a distance. */
function falseAccepts(
  strangers: readonly Float32Array[],
  gallery: readonly Float32Array[],
  distance: number,
): number {
  const all = strangers.flatMap((stranger) => distancesTo(stranger, gallery).flat());
  return all.filter((each) => each <= distance).length / all.length;
}

describe('LocalImpostors', () => {
  it('starts from the embedder’s own figures', () => {
    const made = new MadeUpPeople(2);
    const gallery = made.people(5, 0.5);
    expect(estimate([], gallery)).toEqual({ model: spec.model, people: 0, shift: 0 });
    expect(estimate(made.people(2, 0.5), gallery)).toEqual({ model: spec.model, people: 2, shift: 0 });
    expect(estimate(made.people(3, 0.5), gallery).shift).toBeLessThan(-0.05);
  });

  it.each([0.35, 0.5, 0.6])('keeps the false-accept rate among people %d alike', (alike) => {
    const made = new MadeUpPeople(3);
    const [declared, local] = [0, 0].map(() => [] as number[]) as [number[], number[]];
    for (let place = 0; place < 30; place++) {
      const gallery = made.people(5, alike);
      const strangers = made.people(200, alike);
      const { shift } = estimate(made.people(20, alike), gallery);
      const distance = distanceAt(spec.thresholds, 1e-3);
      declared.push(falseAccepts(strangers, gallery, distance));
      local.push(falseAccepts(strangers, gallery, distance + shift));
    }
    const mean = (list: number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;
    expect(mean(declared)).toBeGreaterThan(3e-3);
    expect(mean(local)).toBeLessThan(1.5e-3);
  });

  it('leaves people alone who have nothing in common, and never makes a threshold looser', () => {
    const made = new MadeUpPeople(4);
    const shifts = Array.from({ length: 40 }, () => estimate(made.people(30, 0), made.people(5, 0)).shift);
    expect(Math.max(...shifts)).toBe(0);
    expect(shifts.reduce((sum, shift) => sum + shift, 0) / shifts.length).toBeGreaterThan(-0.015);
    const [opposite, gallery] = [made.people(30, -0.6), made.people(5, 0.6)];
    expect(estimate(opposite, gallery).shift).toBe(0);
  });

  it('does not let known people among the unknown move their own threshold', () => {
    const made = new MadeUpPeople(5);
    const [gallery, cohort] = [made.people(5, 0.4), made.people(6, 0.4)];
    const alone = estimate(cohort, gallery).shift;
    const hidden = gallery.slice(0, 2).map((person) => made.photo(person));
    // They are unknown people like the others to the rest of the gallery.
    expect(Math.abs(estimate([...cohort, ...hidden], gallery).shift - alone)).toBeLessThan(0.03);
    // As those they are, they would have made it far stricter.
    const everything = new LocalImpostors({ ...spec, threshold: 0 });
    for (const person of [...cohort, ...hidden]) everything.add(distancesTo(person, gallery));
    expect(everything.estimate().shift).toBeLessThan(alone - 0.1);
  });

  it('weighs every pair of people the same, however many pictures there are', () => {
    const made = new MadeUpPeople(6);
    const [gallery, cohort] = [made.people(5, 0.4), made.people(10, 0.4)];
    const visitor = made.person(0.9);
    const once = estimate([...cohort, visitor], gallery);
    const impostors = new LocalImpostors(spec);
    for (const person of cohort) impostors.add(distancesTo(person, gallery));
    const photos = Array.from({ length: 1000 }, () => distancesTo(visitor, gallery).flat());
    impostors.add(gallery.map((_, index) => photos.map((distances) => distances[index] as number)));
    expect(impostors.estimate().people).toBe(once.people);
    expect(impostors.estimate().shift).toBeCloseTo(once.shift, 6);
  });

  it('is bounded, whoever shows their face', () => {
    const made = new MadeUpPeople(7);
    const gallery = made.people(5, 0.6);
    const impostors = new LocalImpostors({ ...spec, threshold: 0 });
    for (let count = 0; count < 900; count++)
      impostors.add(distancesTo(made.photo(gallery[count % 5] as Float32Array, 0.01), gallery));
    const bound = (spec.thresholds[0]?.distance ?? 0) - (spec.impostors?.median ?? 0);
    expect(impostors.estimate().shift).toBe(bound);
  });

  it('cannot say anything for an embedder whose bulk was not measured', () => {
    const made = new MadeUpPeople(8);
    const impostors = new LocalImpostors({ ...spec, impostors: null });
    for (const person of made.people(10, 0.6)) impostors.add(distancesTo(person, made.people(5, 0.6)));
    expect(impostors.estimate()).toMatchObject({ people: 10, shift: 0 });
  });
});

describe('a calibration in force', () => {
  const settings = { threshold: null, falseNameRate: 1e-3 };
  const calibration = { model: spec.model, people: 23, shift: -0.1 };

  it('moves the derived threshold, and says on how many people it stands', () => {
    const before = rulesFor(spec, settings, 10);
    const after = rulesFor(spec, { ...settings, calibration }, 10);
    expect(before.calibratedOn).toBeNull();
    expect(after.threshold).toBeCloseTo(before.threshold - 0.1);
    expect(after.leaningDistance).toBeCloseTo(before.leaningDistance - 0.1);
    expect(after.calibratedOn).toBe(23);
  });

  it('leaves the threshold that the user chose as it is', () => {
    const rules = rulesFor(spec, { threshold: 0.9, falseNameRate: 1e-3, calibration }, 10);
    expect(rules).toMatchObject({ threshold: 0.9, calibratedOn: null });
  });

  it('counts for its own model only', () => {
    const other = { ...calibration, model: { ...spec.model, version: '2' } };
    expect(shiftFor(spec.model, other)).toBeNull();
    expect(rulesFor(spec, { ...settings, calibration: other }, 10)).toMatchObject({ calibratedOn: null });
  });
});
