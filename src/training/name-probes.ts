import type { Neighbour, Person } from '../core/face.js';
import { FaceIndex } from '../recognition/gallery/face-index.js';
import type { Answer } from './identification-figures.js';
import type { IdentificationFold } from './folds.js';
import type { TrainingPhoto } from './training-set.js';

/** People that a rule is told of, as recognition does. */
const neighbours = 3;

/** A rule that names a face, as `judge` of recognition/decision/decision.ts. */
export type NamingRule = (vector: Float32Array, nearest: readonly Neighbour[]) => Person | null | 'unclear';

/** Names the held-out photos of a fold by one rule: probes first, then strangers. */
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

/** The photos that a fold asks about, with what both rules said of them. */
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
