import { setImmediate as nextTurn } from 'node:timers/promises';
import { distanceFromCosine } from '../../core/distance.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import { groupPhotos, type CheckedPhoto, PhotoGroup } from './photo-groups.js';
import { declaredScale, localScale, type SimilarityScale } from './similarity-scale.js';

/**
 * Why a photo is set aside. `looks-like-other`: it resembles another person, and not the rest of its own. `unlike-own`: it
 * resembles none of its person's other photos, which agree. `poor`: it is too poor for its person, who has better ones.
 */
export type MisfitReason = 'looks-like-other' | 'unlike-own' | 'poor';

/** A photo that harms more than it helps. Distances are Euclidean, at the mean cosine to the photos of a person. */
export interface Misfit {
  readonly photo: CheckedPhoto;
  readonly reason: MisfitReason;
  /** To the other photos of its person. */
  readonly ownDistance: number;
  /** The person that it resembles, for `looks-like-other`. */
  readonly other: { readonly personId: string; readonly distance: number } | null;
}

/** A person whose photos disagree, when nothing says which of them are right. */
export interface Disagreement {
  readonly personId: string;
  /** All photos of the person, in groups that agree, largest first. */
  readonly groups: readonly (readonly CheckedPhoto[])[];
}

/** Two people with the same face. */
export interface SameFace {
  readonly personIds: readonly [string, string];
  readonly distance: number;
}

/** What the check of a gallery finds. Only misfits are set aside; the rest is for people to settle. */
export interface GalleryFindings {
  readonly misfits: readonly Misfit[];
  readonly disagreements: readonly Disagreement[];
  readonly sameFaces: readonly SameFace[];
}

export interface GalleryCheckOptions {
  readonly spec: Pick<EmbedderSpec, 'thresholds' | 'leastMargin'>;
  /** Ids of the people that a face may be, nearest first. */
  readonly candidates: (vector: Float32Array) => Promise<readonly string[]>;
}

/** Photos below this quality are measurably worse (docs/recognition.md, Quality). */
const poorQuality = 0.5;
/** Photos below this quality lose a tenth to a half of the true accepts, whatever makes them poor. */
const smearQuality = 0.25;
/** Similarities of photos to other people that are taken as a sample of them all. */
const mostImpostors = 20_000;

/** A person during the check. */
interface Checked {
  readonly id: string;
  readonly photos: readonly CheckedPhoto[];
  groups: PhotoGroup[];
  /** The photos that are taken to show the person; undefined while two groups are equally large. */
  core: PhotoGroup | undefined;
}

/**
 * Finds photos that do not fit their person, and people who share a face. The photos of each person are grouped; the
 * largest group is the person. A photo outside it is a misfit, and so is one inside it that resembles another person by a clear
 * margin more. Never more than half of a person's photos are misfits, and never one that a user has confirmed.
 *
 * Work is done in slices, so that the main loop can go on in between.
 */
export async function checkGallery(
  photos: readonly CheckedPhoto[],
  { spec, candidates }: GalleryCheckOptions,
): Promise<GalleryFindings> {
  const people = byPerson(photos);
  let scale = declaredScale(spec);
  await regroup(people, scale);
  scale = localScale(scale, await impostors(people), genuine(people), people.length);
  await regroup(people, scale);
  const search = new OtherPeople(people, candidates);
  const misfits: Misfit[] = [];
  const disagreements: Disagreement[] = [];
  for (const person of people) {
    const found = await misfitsOf(person, scale, search, spec.leastMargin);
    if (found === 'undecidable')
      disagreements.push({ personId: person.id, groups: person.groups.map((group) => group.photos) });
    else misfits.push(...found);
  }
  return { misfits, disagreements, sameFaces: await sameFaces(people, scale, search) };
}

function byPerson(photos: readonly CheckedPhoto[]): Checked[] {
  const people = new Map<string, CheckedPhoto[]>();
  for (const photo of photos) {
    const own = people.get(photo.personId);
    if (own) own.push(photo);
    else people.set(photo.personId, [photo]);
  }
  return [...people].map(([id, own]) => ({ id, photos: own, groups: [], core: undefined }));
}

async function regroup(people: readonly Checked[], { split }: SimilarityScale): Promise<void> {
  for (const person of people) {
    person.groups = groupPhotos(person.photos, split);
    person.core = coreOf(person.groups);
    await nextTurn();
  }
}

function coreOf([first, second]: readonly PhotoGroup[]): PhotoGroup | undefined {
  return first && first.photos.length > (second?.photos.length ?? 0) ? first : undefined;
}

/** How similar photos are to the rest of their person. */
function genuine(people: readonly Checked[]): number[] {
  return people.flatMap(({ core }) => core?.photos.flatMap((photo) => core.similarityTo(photo) ?? []) ?? []);
}

/** Photos compared with samples of other people before other work can go on. */
const comparedAtOnce = 500;

/** How similar photos are to other people, each with as many of them. */
async function impostors(people: readonly Checked[]): Promise<number[]> {
  const photos = people.flatMap(({ core, id }) => (core?.photos ?? []).map((photo) => ({ photo, id })));
  const steps = Math.min(people.length - 1, Math.max(1, Math.floor(mostImpostors / photos.length)));
  const found: number[] = [];
  for (const [index, { photo, id }] of photos.entries()) {
    if (index % comparedAtOnce === 0) await nextTurn();
    for (let step = 0; step < steps; step++) {
      const other = people[(index + Math.floor((step * people.length) / steps)) % people.length];
      const similarity = other?.id === id ? undefined : other?.core?.similarityTo(photo);
      if (similarity !== undefined) found.push(similarity);
    }
  }
  return found;
}

/** A person who is not the one in question, and how similar they are. */
interface Other {
  readonly person: Checked;
  readonly similarity: number;
}

/** Finds whom else a photo may show. */
class OtherPeople {
  readonly #people: ReadonlyMap<string, Checked>;
  readonly #candidates: GalleryCheckOptions['candidates'];

  constructor(people: readonly Checked[], candidates: GalleryCheckOptions['candidates']) {
    this.#people = new Map(people.map((person) => [person.id, person]));
    this.#candidates = candidates;
  }

  /** Other work can go on before: with many people, a search takes a millisecond of the main loop. */
  async mostSimilar(photo: CheckedPhoto): Promise<Other | undefined> {
    await nextTurn();
    const found = (await this.#candidates(photo.vector)).flatMap((id): Other[] => {
      const person = id === photo.personId ? undefined : this.#people.get(id);
      const similarity = person?.core?.similarityTo(photo);
      return person && similarity !== undefined ? [{ person, similarity }] : [];
    });
    return found.sort((a, b) => b.similarity - a.similarity)[0];
  }
}

/**
 * When more of a person's photos than this agree with each other and resemble nobody else, it may be the person at another
 * age: so many wrong photos of one stranger are less likely.
 */
const largeShare = 1 / 3;

async function misfitsOf(
  person: Checked,
  scale: SimilarityScale,
  search: OtherPeople,
  leastMargin: number,
): Promise<Misfit[] | 'undecidable'> {
  person.core ??= await coreByOthers(person, scale, search);
  const { core } = person;
  if (!core) return person.groups.length > 1 ? 'undecidable' : [];
  const outside = person.groups.filter((group) => group !== core && !group.photos.some(isConfirmed));
  const misfits: Misfit[] = [];
  for (const { photos } of outside) {
    const found: Misfit[] = [];
    for (const photo of photos) {
      const other = await search.mostSimilar(photo);
      found.push(misfit(photo, core, other && other.similarity >= scale.typical ? other : undefined));
    }
    const isAnotherAge = photos.length > Math.max(1, person.photos.length * largeShare);
    if (isAnotherAge && found.every(({ other }) => other === null)) return 'undecidable';
    misfits.push(...found);
  }
  if (misfits.length > person.photos.length / 2) return 'undecidable';
  const inside = await nearerToOthers(core, scale, search, leastMargin);
  const poor = poorOf(core, inside, scale);
  const more = [...inside, ...poor];
  return misfits.length + more.length > person.photos.length / 2 ? misfits : [...misfits, ...more];
}

/** Of equally large groups, the only one that does not resemble another person; undefined when that does not tell. */
async function coreByOthers(
  { groups }: Checked,
  { typical }: SimilarityScale,
  search: OtherPeople,
): Promise<PhotoGroup | undefined> {
  const largest = groups.filter((group) => group.photos.length === groups[0]?.photos.length);
  const free: PhotoGroup[] = [];
  for (const group of largest) {
    const others = await Promise.all(group.photos.map((photo) => search.mostSimilar(photo)));
    if (!others.every((other) => other && other.similarity >= typical)) free.push(group);
  }
  return free.length === 1 ? free[0] : undefined;
}

/**
 * The photos of a core that clearly resemble another person more than their own. Between people with the same face, twins or
 * one person under two names, any photo may be nearer to the other, so that says nothing there.
 */
async function nearerToOthers(
  core: PhotoGroup,
  { typical }: SimilarityScale,
  search: OtherPeople,
  leastMargin: number,
): Promise<Misfit[]> {
  const found: Misfit[] = [];
  if (core.photos.length < 3) return found;
  for (const photo of core.photos.filter((each) => !each.isConfirmed)) {
    const other = await search.mostSimilar(photo);
    if (!other?.person.core || other.similarity < typical) continue;
    if (core.similarityToGroup(other.person.core) >= typical) continue;
    const judged = misfit(photo, core, other);
    if (judged.other && judged.ownDistance - judged.other.distance >= leastMargin) found.push(judged);
  }
  return found;
}

/**
 * Poor photos of a person who has good ones: smears, and those that do not resemble the good ones as a usual photo does.
 * A photo in poor light that does stays, because it helps in that light.
 */
function poorOf(core: PhotoGroup, besides: readonly Misfit[], { typical }: SimilarityScale): Misfit[] {
  const taken = new Set(besides.map(({ photo }) => photo));
  const good = new PhotoGroup(
    core.photos.filter((photo) => photo.quality >= poorQuality && !taken.has(photo)),
  );
  return core.photos
    .filter((photo) => photo.quality < poorQuality && !photo.isConfirmed && !taken.has(photo))
    .flatMap((photo): Misfit[] => {
      const similarity = good.similarityTo(photo);
      if (similarity === undefined || (similarity >= typical && photo.quality >= smearQuality)) return [];
      return [{ photo, reason: 'poor', ownDistance: distanceFromCosine(similarity), other: null }];
    });
}

function misfit(photo: CheckedPhoto, core: PhotoGroup, other: Other | undefined): Misfit {
  return {
    photo,
    reason: other ? 'looks-like-other' : photo.quality < poorQuality ? 'poor' : 'unlike-own',
    ownDistance: distanceFromCosine(core.similarityTo(photo) ?? -1),
    other: other ? { personId: other.person.id, distance: distanceFromCosine(other.similarity) } : null,
  };
}

/** People whose cores resemble each other as photos of one person do. */
async function sameFaces(
  people: readonly Checked[],
  { typical }: SimilarityScale,
  search: OtherPeople,
): Promise<SameFace[]> {
  const found = new Map<string, SameFace>();
  for (const { id, core } of people) {
    const [photo] = core?.photos ?? [];
    const other = photo && (await search.mostSimilar(photo));
    if (!core || !other?.person.core) continue;
    const similarity = core.similarityToGroup(other.person.core);
    if (similarity < typical) continue;
    const personIds = [id, other.person.id].sort() as [string, string];
    found.set(personIds.join(' '), { personIds, distance: distanceFromCosine(similarity) });
  }
  return [...found.values()];
}

function isConfirmed({ isConfirmed: confirmed }: CheckedPhoto): boolean {
  return confirmed;
}
