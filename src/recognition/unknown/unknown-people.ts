import type { FaceCrop } from '../../core/face-embedder.js';
import pLimit from 'p-limit';
import type { Person } from '../../core/face.js';
import type { NewObservation, Snapshot, TrackRef, UnknownPerson } from '../../core/track-store.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import type { Storage } from '../../core/storage.js';
import { FaceClusters, mostVaried, type ClusterFace, type StoredFace } from './face-clusters.js';
import type { Gallery } from '../gallery/gallery.js';
import { normalisePersonName } from '../enrolment/person-name.js';
import { makeSnapshot } from './snapshot.js';
import { boundCrop, encodeCrop } from '../embedding/crop.js';

/** False-accept rate at which two tracks count as one person; docs/unknown-people.md gives the reason. */
const falseAcceptRate = 1e-5;
/** Most crops kept of an unknown person. */
const cropsPerPerson = 10;
/** Most crops passed to the store of a track that shows a known person, or was seen too poorly. */
const cropsPerTrack = 2;
/** Most unknown people kept. Beyond it, those seen only once are forgotten first. */
const mostPeople = 1000;

/** New crops of a track. */
export interface TrackCrops extends TrackRef {
  readonly faces: readonly TrackCrop[];
}

export interface TrackCrop {
  /** 0 to 1. */
  readonly quality: number;
  readonly vector: Float32Array;
  /** The crop that was embedded. It stays with the caller, who must not change it until the call has settled. */
  readonly crop: FaceCrop;
}

export interface UnknownPeopleOptions {
  readonly store: Pick<Storage, 'tracks' | 'revision'>;
  readonly gallery: Gallery;
  readonly spec: EmbedderSpec;
  readonly mostPeople?: number;
}

/**
 * Tells unknown people apart by clustering their tracks, across cameras and restarts of the program. Other processes may
 * change the store at the same time.
 */
export class UnknownPeople {
  readonly #options: UnknownPeopleOptions;
  #clusters: FaceClusters;
  /** Revision of the topic `unknownPeople` that `#clusters` reflects; −1 before the first read. */
  #revision = -1;
  /** Tracks are handled one after the other: the next one may show the person that this one creates. */
  readonly #serial = pLimit(1);

  constructor(options: UnknownPeopleOptions) {
    this.#options = options;
    this.#clusters = this.#noClusters();
  }

  /**
   * Finds out which unknown person a track shows: one seen before, or a new one. A track that was identified before stays
   * with the same person and counts once; its new crops are added.
   *
   * @param track at least one crop
   * @throws RangeError without a crop; SightlineError DATA_UNWRITABLE, GALLERY_CORRUPT
   */
  identify(track: TrackCrops): Promise<UnknownPerson> {
    if (track.faces.length === 0)
      return Promise.reject(new RangeError('Expected at least one crop but received none'));
    return this.#serial(() => this.#identify(track));
  }

  /**
   * Records that a track shows a named person. Its best crops are kept in case a user says that it is somebody else. The
   * track no longer belongs to the person it belonged to before. Nothing is recorded when the person was erased, or a user
   * said that the track is not this person.
   * @throws SightlineError DATA_UNWRITABLE, GALLERY_CORRUPT
   */
  recognized(track: TrackCrops, personId: string): Promise<void> {
    return this.#serial(async () => {
      const snapshot = await snapshotOf(track);
      const best = await this.#toStore(bestOf(track));
      await this.#options.store.tracks.recordKnown(track, personId, best, snapshot);
    });
  }

  /**
   * Records a track that was seen too poorly to be anybody's. Its best crops and a snapshot are kept, so that somebody can say
   * who it was.
   * @throws SightlineError DATA_UNWRITABLE, GALLERY_CORRUPT
   */
  unclear(track: TrackCrops): Promise<void> {
    return this.#serial(async () => {
      const snapshot = await snapshotOf(track);
      await this.#options.store.tracks.recordUnclear(track, await this.#toStore(bestOf(track)), snapshot);
    });
  }

  /**
   * Gives an unknown person a name. With the name of a person in the gallery, the two become one. Recognition knows the
   * person at once, and their past events carry the name.
   * @throws SightlineError PERSON_NAME_INVALID, UNKNOWN_PERSON_NOT_FOUND, DATA_UNWRITABLE, GALLERY_CORRUPT
   */
  async name(unknownId: string, name: string): Promise<Person> {
    const person = await this.#options.store.tracks.name(unknownId, normalisePersonName(name));
    await this.#options.gallery.reload();
    return person;
  }

  /**
   * Records that a track is not this person, named or unknown. Recognition takes it into account at once.
   *
   * @returns how many counterexamples were added
   * @throws SightlineError PERSON_NOT_FOUND, DATA_UNWRITABLE, GALLERY_CORRUPT
   */
  async reject(trackKey: string, personId: string): Promise<number> {
    const added = await this.#options.store.tracks.reject(trackKey, personId);
    await this.#options.gallery.reload();
    return added;
  }

  async #identify(track: TrackCrops): Promise<UnknownPerson> {
    const { store } = this.#options;
    const snapshot = await snapshotOf(track);
    for (;;) {
      await this.#follow();
      const personId =
        (await store.tracks.unknownOwner(track.key)) ?? this.#clusters.find(track.faces) ?? null;
      const { kept, add, remove } = choose(personId ? this.#clusters.faces(personId) : [], track.faces);
      const limit = this.#options.mostPeople ?? mostPeople;
      const change = { track, personId, add: await this.#toStore(add), remove, limit, snapshot };
      const done = await store.tracks.recordUnknown(change, this.#revision);
      // Another process changed the store first, so the decision has to be made again.
      if (!done) continue;
      const added = add.map((face, index) => ({ ...face, faceId: done.faceIds[index] as string }));
      this.#clusters.set(done.person.id, [...kept, ...added]);
      this.#revision = done.revision ?? -1;
      return done.person;
    }
  }

  /** Reads the store again if it was changed elsewhere. */
  async #follow(): Promise<void> {
    const { store, spec } = this.#options;
    for (;;) {
      const now = await store.revision('unknownPeople');
      if (now === this.#revision) return;
      const clusters = this.#noClusters();
      for await (const entries of store.tracks.unknownEntries(spec.model)) clusters.load(entries);
      this.#clusters = clusters;
      this.#revision = now;
    }
  }

  #noClusters(): FaceClusters {
    const { dimension, thresholds } = this.#options.spec;
    const strict = thresholds.find((threshold) => threshold.falseAcceptRate <= falseAcceptRate);
    return new FaceClusters(dimension, (strict ?? thresholds.at(-1))?.distance ?? 0);
  }

  #toStore(faces: readonly TrackCrop[]): Promise<NewObservation[]> {
    const { model } = this.#options.spec;
    return Promise.all(
      faces.map(async ({ quality, vector, crop }) => ({
        quality,
        embedding: { model, vector },
        crop: await encodeCrop(boundCrop(crop)),
      })),
    );
  }
}

/** The crops that are kept of a track that makes no unknown person. */
function bestOf({ faces }: TrackCrops): TrackCrop[] {
  return [...faces].sort((a, b) => b.quality - a.quality).slice(0, cropsPerTrack);
}

/** The best crop of a track, for people to look at; undefined without one. */
async function snapshotOf({ faces }: TrackCrops): Promise<Snapshot | undefined> {
  const [best] = [...faces].sort((a, b) => b.quality - a.quality);
  return best && makeSnapshot(best.crop, best.quality);
}

/** Chooses the crops that a person keeps: which stored ones stay or are removed, and which new ones are added. */
function choose(
  stored: readonly StoredFace[],
  offered: readonly TrackCrop[],
): { kept: StoredFace[]; add: TrackCrop[]; remove: string[] } {
  const chosen = new Set<ClusterFace>(mostVaried<ClusterFace>([...stored, ...offered], cropsPerPerson));
  return {
    kept: stored.filter((face) => chosen.has(face)),
    add: offered.filter((face) => chosen.has(face)),
    remove: stored.filter((face) => !chosen.has(face)).map(({ faceId }) => faceId),
  };
}
