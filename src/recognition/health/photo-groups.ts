/** Most photos of a person that are grouped, the best ones: grouping takes time with their third power. */
const mostGrouped = 200;

/** A photo as the check of a gallery sees it. All embeddings are of one model. */
export interface CheckedPhoto {
  readonly faceId: string;
  readonly personId: string;
  /** Quality at enrolment, 0 to 1. */
  readonly quality: number;
  /** Whether a user said that it shows the person. It is never set aside. */
  readonly isConfirmed: boolean;
  /** L2-normalised. */
  readonly vector: Float32Array;
}

/** Photos that show one person, as far as their embeddings can tell. */
export class PhotoGroup {
  readonly photos: CheckedPhoto[] = [];
  #sum: Float64Array | undefined;

  constructor(photos: readonly CheckedPhoto[]) {
    for (const photo of photos) this.add(photo);
  }

  add(photo: CheckedPhoto): void {
    this.photos.push(photo);
    this.#sum ??= new Float64Array(photo.vector.length);
    for (let index = 0; index < this.#sum.length; index++)
      (this.#sum[index] as number) += photo.vector[index] as number;
  }

  /** Mean cosine of a photo to the others of the group; undefined when there are no others. */
  similarityTo(photo: CheckedPhoto): number | undefined {
    const isMember = this.photos.includes(photo);
    const others = this.photos.length - (isMember ? 1 : 0);
    if (others === 0 || this.#sum === undefined) return undefined;
    // The cosine of a photo to itself is 1.
    return (dot(this.#sum, photo.vector) - (isMember ? 1 : 0)) / others;
  }

  /** Mean cosine over all pairs of a photo here and a photo there. */
  similarityToGroup(other: PhotoGroup): number {
    if (this.#sum === undefined || other.#sum === undefined) return -1;
    return dot(this.#sum, other.#sum) / (this.photos.length * other.photos.length);
  }
}

/**
 * Groups the photos of a person by average linkage: the two most similar groups are joined until no two are at least
 * `split` similar (UPGMA: Sokal and Michener, 1958). Photos beyond the best `mostGrouped` join the most similar group.
 *
 * @returns largest first
 */
export function groupPhotos(photos: readonly CheckedPhoto[], split: number): PhotoGroup[] {
  const best = [...photos].sort((a, b) => b.quality - a.quality);
  const groups = linked(best.slice(0, mostGrouped), split).map((members) => new PhotoGroup(members));
  for (const photo of best.slice(mostGrouped)) joinMostSimilar(groups, photo, split);
  return groups.sort((a, b) => b.photos.length - a.photos.length);
}

function linked(photos: readonly CheckedPhoto[], split: number): CheckedPhoto[][] {
  const groups = photos.map((photo) => [photo]);
  // Sums of cosines over the pairs of two groups, which add up when groups are joined.
  const sums = photos.map(({ vector }) => photos.map((other) => dot(vector, other.vector)));
  for (
    let pair = mostSimilar(groups, sums);
    pair && pair.similarity >= split;
    pair = mostSimilar(groups, sums)
  ) {
    const { first, second } = pair;
    groups[first]?.push(...(groups[second] ?? []));
    groups.splice(second, 1);
    const [joined] = sums.splice(second, 1);
    joined?.forEach((sum, index) => ((sums[first] as number[])[index]! += sum));
    for (const row of sums) row[first]! += row.splice(second, 1)[0] ?? 0;
  }
  return groups;
}

function mostSimilar(
  groups: readonly (readonly CheckedPhoto[])[],
  sums: readonly (readonly number[])[],
): { first: number; second: number; similarity: number } | undefined {
  let found: { first: number; second: number; similarity: number } | undefined;
  for (const [second, row] of sums.entries()) {
    for (let first = 0; first < second; first++) {
      const similarity = row[first]! / (groups[first]!.length * groups[second]!.length);
      if (found === undefined || similarity > found.similarity) found = { first, second, similarity };
    }
  }
  return found;
}

function joinMostSimilar(groups: PhotoGroup[], photo: CheckedPhoto, split: number): void {
  const alone = new PhotoGroup([photo]);
  const [nearest] = groups
    .map((group) => ({ group, similarity: group.similarityToGroup(alone) }))
    .sort((a, b) => b.similarity - a.similarity);
  if (nearest && nearest.similarity >= split) nearest.group.add(photo);
  else groups.push(alone);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let product = 0;
  for (let index = 0; index < a.length; index++) product += a[index]! * b[index]!;
  return product;
}
