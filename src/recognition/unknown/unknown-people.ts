import type { FaceCrop } from '../../core/face-embedder.js';
import pLimit from 'p-limit';
import type { Person } from '../../core/face.js';
import type { NewSighting, Snapshot, TrackRef, UnknownPerson } from '../../core/track-store.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import type { Storage } from '../../core/storage.js';
import { FaceClusters, mostTelling, type ClusterFace, type StoredFace } from './face-clusters.js';
import type { Gallery } from '../gallery/gallery.js';
import { normalisePersonName } from '../enrolment/person-name.js';
import { makeSnapshot } from './snapshot.js';
import { boundCrop, encodeCrop } from '../embedding/crop.js';

/** Two tracks are one person's at a false-accept rate of at most this; why stands in docs/unknown-people.md. */
const falseAcceptRate = 1e-5;
/** Crops kept of a person without a name. */
const cropsPerPerson = 10;
/** Crops of a known person's track handed over to be kept. */
const cropsPerKnownTrack = 2;
/** More people without a name than this are not kept: those seen once go first. */
const mostPeople = 1000;

/** Crops of a track, none of which was handed over before. */
export interface TrackSighting extends TrackRef {
  readonly faces: readonly SightedFace[];
}

export interface SightedFace {
  /** 0 to 1. */
  readonly quality: number;
  readonly vector: Float32Array;
  /** What the embedding was made of; stays the caller's, and must not change until the call is done. */
  readonly crop: FaceCrop;
}

export interface UnknownPeopleOptions {
  readonly store: Pick<Storage, 'tracks' | 'revision'>;
  readonly gallery: Gallery;
  readonly embedder: EmbedderSpec;
  readonly mostPeople?: number;
}

/**
 * The people whom nobody has named yet, told apart by clustering their tracks, whichever cameras they pass and however
 * often the program starts anew. Other processes may change the store meanwhile.
 */
export class UnknownPeople {
  readonly #options: UnknownPeopleOptions;
  #clusters: FaceClusters;
  /** Of the store, when `#clusters` was as it is; the store's begin at 0. */
  #revision = -1;
  /** Tracks are taken in one after the other: each may make the person that the next one is. */
  readonly #inTurn = pLimit(1);

  constructor(options: UnknownPeopleOptions) {
    this.#options = options;
    this.#clusters = this.#noClusters();
  }

  /**
   * Says which unknown person the track of a stranger is: one seen before, or somebody new. A track that was identified
   * before stays the same person's and counts once; its further crops are taken in.
   *
   * @param track with one crop or more
   * @throws RangeError without a crop; SightlineError DATA_UNWRITABLE, GALLERY_CORRUPT
   */
  identify(track: TrackSighting): Promise<UnknownPerson> {
    if (track.faces.length === 0)
      return Promise.reject(new RangeError('Expected a crop or more but received none'));
    return this.#inTurn(() => this.#identify(track));
  }

  /**
   * Says that a track is that of a named person, and keeps its best crops, for the case that somebody says it is not.
   * What the track was before, an unknown person perhaps, it is no more. Nothing is kept of somebody erased, or when it
   * was said that the track is not this person.
   * @throws SightlineError DATA_UNWRITABLE, GALLERY_CORRUPT
   */
  recognized(track: TrackSighting, personId: string): Promise<void> {
    const best = [...track.faces].sort((a, b) => b.quality - a.quality).slice(0, cropsPerKnownTrack);
    return this.#inTurn(async () => {
      const snapshot = await snapshotOf(track);
      await this.#options.store.tracks.recordKnown(track, personId, await this.#toStore(best), snapshot);
    });
  }

  /**
   * Gives an unknown person a name, that of somebody in the gallery perhaps. Recognition knows them at once, and their
   * past events carry the name.
   * @throws SightlineError PERSON_NAME_INVALID, UNKNOWN_PERSON_UNKNOWN, DATA_UNWRITABLE, GALLERY_CORRUPT
   */
  async name(unknownId: string, name: string): Promise<Person> {
    const person = await this.#options.store.tracks.name(unknownId, normalisePersonName(name));
    await this.#options.gallery.reload();
    return person;
  }

  /**
   * Remembers that a track is not this person, named or not; recognition heeds it at once.
   *
   * @returns how many crops say so from now on
   * @throws SightlineError PERSON_UNKNOWN, DATA_UNWRITABLE, GALLERY_CORRUPT
   */
  async reject(trackKey: string, personId: string): Promise<number> {
    const added = await this.#options.store.tracks.reject(trackKey, personId);
    await this.#options.gallery.reload();
    return added;
  }

  async #identify(track: TrackSighting): Promise<UnknownPerson> {
    const { store } = this.#options;
    const snapshot = await snapshotOf(track);
    for (;;) {
      await this.#follow();
      const personId =
        (await store.tracks.unknownOwner(track.key)) ?? this.#clusters.find(track.faces) ?? null;
      const { kept, add, remove } = choose(personId ? this.#clusters.faces(personId) : [], track.faces);
      const limit = this.#options.mostPeople ?? mostPeople;
      const change = { track, personId, add: await this.#toStore(add), remove, limit, snapshot };
      const done = await store.tracks.recordStranger(change, this.#revision);
      // Another process was faster: what was decided may not hold any more.
      if (!done) continue;
      const added = add.map((face, index) => ({ ...face, faceId: done.faceIds[index] as string }));
      this.#clusters.set(done.person.id, [...kept, ...added]);
      this.#revision = done.revision ?? -1;
      return done.person;
    }
  }

  /** Reads the store anew if anybody has changed it. */
  async #follow(): Promise<void> {
    const { store, embedder } = this.#options;
    for (;;) {
      const now = await store.revision('unknownPeople');
      if (now === this.#revision) return;
      const clusters = this.#noClusters();
      for await (const entries of store.tracks.unknownEntries(embedder.model)) clusters.load(entries);
      this.#clusters = clusters;
      this.#revision = now;
    }
  }

  #noClusters(): FaceClusters {
    const { dimension, thresholds } = this.#options.embedder;
    const strict = thresholds.find((threshold) => threshold.falseAcceptRate <= falseAcceptRate);
    return new FaceClusters(dimension, (strict ?? thresholds.at(-1))?.distance ?? 0);
  }

  #toStore(faces: readonly SightedFace[]): Promise<NewSighting[]> {
    const { model } = this.#options.embedder;
    return Promise.all(
      faces.map(async ({ quality, vector, crop }) => ({
        quality,
        embedding: { model, vector },
        crop: await encodeCrop(boundCrop(crop)),
      })),
    );
  }
}

/** The best crop of a track, for people to look at; undefined without one. */
async function snapshotOf({ faces }: TrackSighting): Promise<Snapshot | undefined> {
  const [best] = [...faces].sort((a, b) => b.quality - a.quality);
  return best && makeSnapshot(best.crop, best.quality);
}

/** Which crops a person has from now on: of those stored, what is kept and what goes, and what comes of the new ones. */
function choose(
  stored: readonly StoredFace[],
  sighted: readonly SightedFace[],
): { kept: StoredFace[]; add: SightedFace[]; remove: string[] } {
  const chosen = new Set<ClusterFace>(mostTelling<ClusterFace>([...stored, ...sighted], cropsPerPerson));
  return {
    kept: stored.filter((face) => chosen.has(face)),
    add: sighted.filter((face) => chosen.has(face)),
    remove: stored.filter((face) => !chosen.has(face)).map(({ faceId }) => faceId),
  };
}
