import type { CameraChange, CameraSettings, NewCamera } from '../config/camera.js';
import type { ClassifierHead } from '../core/heads.js';
import type { EventStore, StoredEvent } from '../core/event-store.js';
import type { Detection, ModelRef, Neighbour, Person } from '../core/face.js';
import type { EnrolmentWarning } from '../core/enrolment-warning.js';
import type { GalleryPhoto, GalleryPerson, LookAlikes } from '../core/people-store.js';
import type { GalleryReport } from './gallery-report.js';
import type { UnknownPerson } from '../core/track-store.js';
import type { Camera } from '../pipeline/camera.js';
import type { Gallery } from '../recognition/gallery/gallery.js';
import type { UnknownPeople } from '../recognition/unknown/unknown-people.js';
import type { Enrolment } from '../recognition/enrolment/enrolment.js';
import type { FaceIdentity } from '../recognition/decision/identify-face.js';
import type { SimilarPerson } from '../recognition/decision/similarity.js';
import type { Verification } from '../recognition/decision/verify-faces.js';

/**
 * What one can do with Sightline, for the HTTP API, the command line and whatever else asks. Every method may reject with
 * NOT_READY while the program starts or stops, or changes its embedder.
 */
export interface Services {
  readonly cameras: CameraService;
  readonly people: PeopleService;
  readonly gallery: GalleryService;
  readonly unknownPeople: UnknownPeopleService;
  readonly pictures: PictureService;
  readonly events: EventService;
  readonly thresholds: ThresholdService;
}

/** The cameras there are, and changing them while the program runs. Changes survive a restart. */
export interface CameraService {
  list(): readonly Camera[];
  get(id: string): Camera | undefined;
  /** How a camera is set up, user name and password taken out of its URLs. @throws SightlineError CAMERA_NOT_FOUND */
  settings(id: string): CameraSettings;
  /** @throws SightlineError CAMERA_DUPLICATE, SOURCE_INVALID, SOURCE_FORBIDDEN, CONFIG_INVALID, DATA_UNWRITABLE */
  add(camera: NewCamera): Promise<Camera>;
  /** Only what is named changes; the camera starts anew. @throws as `add`, and CAMERA_NOT_FOUND */
  change(id: string, change: CameraChange): Promise<Camera>;
  /** @throws SightlineError CAMERA_NOT_FOUND, DATA_UNWRITABLE */
  remove(id: string): Promise<void>;
  /** @throws SightlineError CAMERA_NOT_FOUND */
  restart(id: string): Promise<Camera>;
}

/** People with a name, and the photos they were enrolled with. Recognition follows every change at once. */
export interface PeopleService {
  /** By name. */
  list(): Promise<GalleryPerson[]>;
  /** @throws SightlineError PERSON_NOT_FOUND */
  get(personId: string): Promise<GalleryPerson>;
  /** Undefined when nobody has that name. @throws SightlineError PERSON_NAME_INVALID */
  find(name: string): Promise<GalleryPerson | undefined>;
  /** Somebody without a photo yet. @throws SightlineError PERSON_NAME_INVALID, PERSON_NAME_TAKEN */
  create(name: string): Promise<GalleryPerson>;
  /** @throws SightlineError PERSON_NOT_FOUND, PERSON_NAME_INVALID, PERSON_NAME_TAKEN */
  rename(personId: string, name: string): Promise<GalleryPerson>;
  /** Other people whose names are read like this one's. */
  nameWarnings(person: Person): Promise<EnrolmentWarning[]>;
  /** Gives everything of `from` to `into` and removes the first. @throws SightlineError PERSON_NOT_FOUND */
  merge(from: string, into: string): Promise<GalleryPerson>;
  /**
   * Erases somebody for good: photos, tracks, and the name in past events.
   * @returns whether the trained classifier was switched off, because it may know that face
   * @throws SightlineError PERSON_NOT_FOUND
   */
  erase(personId: string): Promise<{ readonly classifierSwitchedOff: boolean }>;
  /** Oldest first. @throws SightlineError PERSON_NOT_FOUND */
  photos(personId: string): Promise<GalleryPhoto[]>;
  /** @throws SightlineError PHOTO_NOT_FOUND */
  photo(photoId: string): Promise<GalleryPhoto>;
  /** The stored part of the photo, as a JPEG. @throws SightlineError PHOTO_NOT_FOUND */
  photoPicture(photoId: string): Promise<Buffer>;
  /**
   * Enrols a photo; somebody of that name is made when there is none.
   * @param picture the bytes of a picture file
   * @throws SightlineError PERSON_NAME_INVALID, IMAGE_…, FACE_…
   */
  enroll(name: string, picture: Buffer, photoName: string): Promise<Enrolment>;
  /** Enrols a photo of an existing person; otherwise like `enroll`. @throws SightlineError PERSON_NOT_FOUND, IMAGE_…, FACE_… */
  addPhoto(personId: string, picture: Buffer, photoName: string): Promise<Enrolment>;
  /** Enrols the face that an event tells of. @throws SightlineError PERSON_NOT_FOUND, EVENT_NOT_FOUND, SNAPSHOT_NOT_FOUND, FACE_… */
  enrollFromEvent(personId: string, eventId: string): Promise<Enrolment>;
  /** The person stays, even without photos. @throws SightlineError PHOTO_NOT_FOUND */
  removePhoto(photoId: string): Promise<void>;
}

/** Whether what is enrolled is right: photos that do not fit their person, and people who look alike. */
export interface GalleryService {
  /**
   * Checks all photos.
   * @param apply whether to set photos aside and put thresholds of look-alikes in force, or only to tell
   * @throws SightlineError DATA_UNWRITABLE, GALLERY_CORRUPT
   */
  check(options: { readonly apply: boolean }): Promise<GalleryReport>;
  /** Has a photo count again, now and after every later check. @throws SightlineError PHOTO_NOT_FOUND */
  restorePhoto(photoId: string): Promise<GalleryPhoto>;
  /** Nearest first, those that are revoked included. */
  lookAlikes(): Promise<LookAlikes[]>;
  /** Takes the effect from two look-alikes, or gives it back. @throws SightlineError LOOK_ALIKES_NOT_FOUND */
  revokeLookAlikes(personIds: readonly [string, string], isRevoked: boolean): Promise<void>;
}

/** An unknown person who was given a name. */
export interface Naming {
  readonly person: GalleryPerson;
  /** What speaks against the name, which was given. */
  readonly warnings: readonly EnrolmentWarning[];
}

/** People whom cameras saw and nobody has named. */
export interface UnknownPeopleService {
  /** By number. */
  list(): Promise<UnknownPerson[]>;
  /** @throws SightlineError UNKNOWN_PERSON_NOT_FOUND */
  get(number: number): Promise<UnknownPerson>;
  /** The best crop kept of them, as a JPEG. @throws SightlineError UNKNOWN_PERSON_NOT_FOUND, SNAPSHOT_NOT_FOUND */
  picture(number: number): Promise<Buffer>;
  /**
   * Says who an unknown person is: somebody new, or the person of that name. Their best crops become photos, which are
   * compared with the gallery first, as at enrolment.
   * @throws SightlineError UNKNOWN_PERSON_NOT_FOUND, PERSON_NAME_INVALID
   */
  name(number: number, name: string): Promise<Naming>;
  /** Forgets them, and the pictures of them. @throws SightlineError UNKNOWN_PERSON_NOT_FOUND */
  dismiss(number: number): Promise<void>;
}

/** A face on a picture, embedded by the model in use. */
export interface ReadFace {
  readonly detection: Detection;
  /** What made `vector`. */
  readonly model: ModelRef;
  readonly vector: Float32Array;
  /** 0 to 1. */
  readonly quality: number;
}

/** A picture searched for faces, largest face first. */
export interface SearchedPicture<Face> {
  /** In pixels, upright; boxes and landmarks are in these pixels. */
  readonly width: number;
  readonly height: number;
  readonly faces: readonly Face[];
  /** Milliseconds: decoding and searching. */
  readonly detectMs: number;
}

/** A picture whose faces were embedded. */
export interface ReadPicture extends SearchedPicture<ReadFace> {
  /** Milliseconds: embedding all faces, their waiting for the cameras included. */
  readonly embedMs: number;
}

/** Who a face on a picture is. */
export interface IdentifiedFace extends FaceIdentity {
  /** The nearest people, nearest first, named or not. */
  readonly nearest: readonly Neighbour[];
  /** The same people without those that a counterexample rules out, most similar first. */
  readonly similar: readonly SimilarPerson[];
}

/** Faces on uploaded pictures. Cameras go first. How many uploads there may be at a time, uploads/ sees to. */
export interface PictureService {
  /** The kind of detector that looks at them. */
  readonly detector: string;
  /** @throws SightlineError IMAGE_UNREADABLE, IMAGE_TOO_LARGE, IMAGE_TOO_SLOW, DETECTOR_FAILED */
  detect(picture: Buffer): Promise<SearchedPicture<Detection>>;
  /**
   * Detects and embeds.
   * @param most faces, the largest ones; what lies outside the picture is left out
   * @throws SightlineError as `detect`, and EMBEDDER_FAILED
   */
  read(picture: Buffer, most: number): Promise<ReadPicture>;
  /**
   * Embeds the picture as one face that fills it, without searching: for programs that have cut the face out themselves.
   * @throws SightlineError IMAGE_UNREADABLE, IMAGE_TOO_LARGE, IMAGE_TOO_SLOW, EMBEDDER_FAILED
   */
  readWhole(picture: Buffer): Promise<ReadPicture>;
  /**
   * @param neighbours how many of the nearest people to tell of, 1 or more
   * @throws SightlineError NOT_READY when the embedder was changed since the face was read
   */
  identify(face: ReadFace, neighbours: number): Promise<IdentifiedFace>;
  /** Whether two faces are one person. @throws as `identify`, and HEAD_CORRUPT */
  verify(first: ReadFace, second: ReadFace): Promise<Verification>;
  /** Whether a face is that of an enrolled photo. @throws as `verify`, and PHOTO_NOT_FOUND */
  verifyPhoto(face: ReadFace, photoId: string): Promise<Verification>;
}

/** Every event that is kept. */
export interface EventService extends Pick<EventStore, 'after' | 'positionOf' | 'newestPosition' | 'query'> {
  /** Grows with every change of people: who an event is about may be known differently now. */
  peopleRevision(): Promise<number>;
  /** @throws SightlineError EVENT_NOT_FOUND */
  get(id: string): Promise<StoredEvent>;
  /** The face that the event tells of, as a JPEG. @throws SightlineError EVENT_NOT_FOUND, SNAPSHOT_NOT_FOUND */
  snapshot(id: string): Promise<Buffer>;
  /**
   * Remembers that the face of an event is not this person, or not the one whom the event names.
   * @returns how many crops say so from now on
   * @throws SightlineError EVENT_NOT_FOUND, EVENT_WITHOUT_PERSON, PERSON_NOT_FOUND
   */
  reject(id: string, personId: string | undefined): Promise<number>;
}

/** What has to follow when people change: the recognition of this program, or the store alone where none runs. */
export interface RecognitionInUse {
  readonly model: {
    readonly gallery: Pick<Gallery, 'reload' | 'removePerson' | 'removeFace'>;
    readonly classifier: ClassifierHead | null;
  };
  readonly people: Pick<UnknownPeople, 'name' | 'reject'>;
  /** Goes on without the trained classifier. */
  dropClassifier(): void;
}

/** How near a face must be to be named. */
export interface ThresholdChange {
  /** Largest distance, 0 to 2; null when it follows from `falseNameRate`. */
  readonly threshold: number | null;
  /** Wanted share of strangers who get a name. */
  readonly falseNameRate: number;
}

export interface ThresholdService {
  /**
   * `effectiveThreshold`: the distance in force now, with the gallery as large as it is. `calibration`: the unknown people
   * that it is calibrated on and how far they moved it; null when they are too few, or calibration is switched off.
   */
  get(): ThresholdChange & {
    readonly effectiveThreshold: number;
    readonly embedder: string;
    readonly calibration: { readonly people: number; readonly shift: number } | null;
  };
  /** In force at once for all cameras; survives a restart. @throws SightlineError DATA_UNWRITABLE */
  set(change: Partial<ThresholdChange>): Promise<void>;
}
