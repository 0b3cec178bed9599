/** The events of a server, as it sends them: CloudEvents 1.0 in JSON. */

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Left and top edge, and size. */
interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** An unknown person; `number` counts up from 1, `seen` counts their tracks so far, whatever the camera. */
interface UnknownRef {
  readonly id: string;
  readonly number: number;
  readonly seen: number;
}

/** Why it is no longer certain that a track shows the face that was decided. */
type DoubtReason = 'hidden' | 'jumped' | 'overlapped' | 'changed' | 'contradicted';

/** What is wrong with looks at a face: the part of their quality that is lowest. */
type Weakness =
  'size' | 'pose' | 'sharpness' | 'noise' | 'blocks' | 'exposure' | 'eyes' | 'mouth' | 'visibility';

/** A camera as events name it. */
export interface CameraRef {
  readonly id: string;
  readonly name: string;
}

/** A person as events name them. */
interface PersonRef {
  readonly id: string;
  readonly name: string;
}

/** Enough to explain why somebody was, or was not, named. */
interface Explanation {
  /** One or two sentences for people. */
  readonly summary: string;
  /** Crops fused, and how many of them spoke for the decision. */
  readonly votes: { readonly total: number; readonly inFavour: number } | null;
  /** Summed quality of those. */
  readonly weight: number | null;
  /** Share of strangers named that the threshold is meant for; null when the user chose the threshold. */
  readonly falseNameRate: number | null;
  /** Unknown people of the place that the threshold was calibrated on; null when it was not. */
  readonly calibratedOn: number | null;
  /** The crops fused, oldest first: quality, distance to the nearest photo, and the person that each supports. */
  readonly crops: readonly {
    readonly quality: number;
    readonly distance: number | null;
    readonly identity: PersonRef | null;
  }[];
  /**
   * The nearest people of the gallery, nearest first, by their nearest photo and by the centre of their photos;
   * `rejected` when a counterexample rules the person out; `lookAlike` when a name needs a smaller distance than
   * `threshold`, because of the person named there (null after that person was erased).
   */
  readonly nearest: readonly (PersonRef & {
    readonly distance: number;
    readonly centroidDistance: number;
    readonly rejected: boolean;
    readonly lookAlike?: (PersonRef & { readonly threshold: number }) | null;
  })[];
  /** Milliseconds that the newest crop took in each stage. */
  readonly times: {
    readonly queueMs: number;
    readonly alignMs: number;
    readonly embedMs: number;
    readonly matchMs: number;
  } | null;
}

/** What every event about a face says. Figures of recognition are null until it has decided. */
export interface FaceEventData {
  readonly camera: CameraRef;
  /**
   * `key`: unique across cameras and runs of the program; `ageMs`: from the first to the last detection; `hits`: detections
   * so far.
   */
  readonly track: {
    readonly id: number;
    readonly key: string;
    readonly ageMs: number;
    readonly hits: number;
  };
  /** Who it is; null for an unknown person, while undecided and while held. */
  readonly identity: PersonRef | null;
  /** Which unknown person it is; null for people with a name, while undecided and while held. `seen`: their tracks so far. */
  readonly unknown: UnknownRef | null;
  /** Only while the identity is held: who it was decided to be before the track may have gone over to another face. */
  readonly held?: {
    readonly identity: PersonRef | null;
    readonly unknown: UnknownRef | null;
    readonly reason: DoubtReason;
  };
  /** Only while undecided because the face was seen too poorly: what was wrong with most looks, and the quality of the best. */
  readonly poorView?: { readonly reason: Weakness; readonly quality: number };
  /** Euclidean on the unit sphere, 0 to 2, to the nearest enrolled photo; null with an empty gallery. */
  readonly distance: number | null;
  /** A name needs a distance at or below this. */
  readonly threshold: number | null;
  /** How much further away the second-nearest person is. */
  readonly margin: number | null;
  /** 0 to 1. */
  readonly confidence: number | null;
  /** In pixels of the frame. */
  readonly box: Box;
  /** Left eye, right eye, nose, left and right mouth corner as seen in the picture; null while hidden. */
  readonly landmarks: readonly Point[] | null;
  /** `capturedAt` is ISO 8601. */
  readonly frame: {
    readonly sequence: number;
    readonly width: number;
    readonly height: number;
    readonly capturedAt: string;
  };
  /** 0 to 1 of the newest crop. */
  readonly quality: number | null;
  readonly why: Explanation;
}

/**
 * `identity` is the new one (null when the name was withdrawn), `previous` the one named before (null when that person
 * was erased since).
 */
interface IdentityChangedData extends FaceEventData {
  readonly previous: PersonRef | null;
}

/** `reason` says what took the camera away, or overloads it; null when that is over. */
interface CameraEventData {
  readonly camera: CameraRef;
  readonly reason: { readonly code: string; readonly message: string } | null;
}

/**
 * The thresholds have moved, because the unknown people of the place resemble the gallery more, or less, than was known
 * before. It is about no camera: it concerns all.
 */
interface CalibrationEventData {
  readonly camera: null;
  /** Whose distances the figures are. */
  readonly embedder: string;
  /** Unknown people that the thresholds are calibrated on; 0 when they are the embedder's own again. */
  readonly people: number;
  /** Added to the embedder's distance at any false-accept rate; 0 or below. */
  readonly shift: number;
  /** A name needs a distance at or below this, with the gallery of now; equal when the user chose the threshold. */
  readonly threshold: { readonly before: number; readonly after: number };
}

/** An enrolled photo no longer counts. No camera is concerned. */
interface PhotoSetAsideData {
  readonly camera: null;
  /** Whose photo it is; null when that person was erased since. */
  readonly identity: PersonRef | null;
  readonly photo: { readonly id: string };
  /** Whom it resembles; null for nobody, and for somebody who was erased since. */
  readonly other: PersonRef | null;
  readonly reason: { readonly code: 'looks-like-other' | 'unlike-own' | 'poor'; readonly message: string };
}

/** Two people need a smaller distance than others from now on. */
interface LookAlikesData {
  readonly camera: null;
  /** The two, without those who were erased since. */
  readonly people: readonly PersonRef[];
  /** Between their nearest photos. */
  readonly distance: number;
  /** The largest distance at which one of the two may be named. */
  readonly threshold: number;
  readonly reason: { readonly code: 'look-alikes'; readonly message: string };
}

/** The data of each type of event. */
export interface EventDataByType {
  'sightline.track.started': FaceEventData;
  'sightline.track.ended': FaceEventData;
  'sightline.identity.recognized': FaceEventData;
  'sightline.identity.unknown': FaceEventData;
  'sightline.identity.unclear': FaceEventData;
  'sightline.identity.changed': IdentityChangedData;
  'sightline.identity.held': FaceEventData;
  'sightline.identity.confirmed': FaceEventData;
  'sightline.camera.online': CameraEventData;
  'sightline.camera.offline': CameraEventData;
  'sightline.camera.overloaded': CameraEventData;
  'sightline.camera.recovered': CameraEventData;
  'sightline.recognition.calibrated': CalibrationEventData;
  'sightline.gallery.photo-set-aside': PhotoSetAsideData;
  'sightline.gallery.look-alikes': LookAlikesData;
}

export type EventType = keyof EventDataByType;

/** A CloudEvents 1.0 event in its JSON shape. */
export interface EventOf<T extends EventType> {
  readonly specversion: '1.0';
  /** The ids of one process sort as strings in the order of publishing. */
  readonly id: string;
  /** `/cameras/<id>`, percent-encoded; `/gallery` or `/recognition` for events about no camera. */
  readonly source: string;
  readonly type: T;
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  /**
   * Where the event is in the store: sorts as a string in the order of storing, whichever process wrote
   * (https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/sequence.md).
   */
  readonly sequence: string;
  readonly datacontenttype: 'application/json';
  readonly data: EventDataByType[T];
}

export type SightlineEvent = { [T in EventType]: EventOf<T> }[EventType];
