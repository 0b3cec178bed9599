import { createHash } from 'node:crypto';
import type { EnrolmentWarning } from '../../core/enrolment-warning.js';
import { SightlineError } from '../../core/errors.js';
import {
  eyeDistanceOf,
  qualityFloor,
  qualityScore,
  weakestPart,
  weaknesses,
} from '../../core/face-quality.js';
import type { FaceQuality } from '../../core/face-quality.js';
import type { Detection, Person } from '../../core/face.js';
import type { GalleryPhoto, PeopleStore, StoredCrop } from '../../core/people-store.js';
import type { RgbImage } from '../../core/image.js';
import { cutFace, boundCrop, encodeCrop, embedCrop, type EmbeddedCrop } from '../embedding/crop.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import type { FaceEmbedder } from '../../core/face-embedder.js';
import type { Gallery } from '../gallery/gallery.js';
import { mainFace } from './main-face.js';
import { normalisePersonName } from './person-name.js';
import { enrolmentWarnings, setAsideWarnings } from './warnings.js';

/** Least distance between the eyes of an enrolled face. Recognition gets worse below it (docs/recognition.md). */
const leastEyeDistancePixels = 20;

export interface EnrollerOptions {
  readonly detect: (image: RgbImage) => Promise<Detection[]>;
  readonly embedder: FaceEmbedder;
  readonly store: PeopleStore;
  readonly gallery: Gallery;
  readonly spec: Pick<EmbedderSpec, 'threshold'>;
}

export interface Enrolment {
  readonly person: Person;
  readonly face: GalleryPhoto;
  /** False when the person had this photo already. */
  readonly added: boolean;
  /** What speaks against it. */
  readonly warnings: readonly EnrolmentWarning[];
}

/** The person who gets a photo: by name, or by id. */
export type EnrolmentTarget = string | { readonly id: string };

/** Adds photos of people to the gallery. */
export class Enroller {
  readonly #options: EnrollerOptions;

  constructor(options: EnrollerOptions) {
    this.#options = options;
  }

  /**
   * Adds a photo to a person. Recognition knows the face at once.
   *
   * @param target a name in any script, stored in NFC form; the person is created if the name is new. Or the id of a
   * person who exists
   * @param photoName a name for people to recognise the photo by, such as its file name
   * @throws SightlineError PERSON_NAME_INVALID, PERSON_NOT_FOUND, FACE_NOT_FOUND, FACE_AMBIGUOUS, FACE_CUT_OFF,
   * FACE_TOO_SMALL, FACE_QUALITY_LOW, DETECTOR_FAILED, EMBEDDER_FAILED, NOT_READY, DATA_UNWRITABLE, GALLERY_CORRUPT
   */
  async enrollPhoto(target: EnrolmentTarget, image: RgbImage, photoName: string): Promise<Enrolment> {
    const checked = typeof target === 'string' ? normalisePersonName(target) : target;
    const face = mainFace(await this.#options.detect(image));
    return this.enrollFace(checked, image, face, photoName);
  }

  /** Like `enrollPhoto`, for a face that was already detected and a name that is already normalised. */
  async enrollFace(
    target: EnrolmentTarget,
    image: RgbImage,
    found: Detection,
    photoName: string,
  ): Promise<Enrolment> {
    const { store, gallery } = this.#options;
    const { embedding, quality, crop } = await this.#embed(image, found);
    checkResolution(quality);
    checkQuality(quality);
    const warnings = await enrolmentWarnings(this.#options, target, [embedding.vector]);
    const { person, face, revision } = await store.addFace(target, {
      photoName,
      photoHash: pixelHash(image),
      quality: qualityScore(quality),
      embedding,
      crop,
    });
    if (revision === null) {
      const setAside = setAsideWarnings(person, face);
      return { person, face, added: false, warnings: setAside.length > 0 ? setAside : warnings };
    }
    gallery.add({ faceId: face.id, person, role: 'example', vector: embedding.vector }, revision);
    return { person, face, added: true, warnings };
  }

  /** Embeds exactly the crop that is stored, so that embedding it again gives the same result. */
  async #embed(image: RgbImage, face: Detection): Promise<EmbeddedCrop & { crop: StoredCrop }> {
    checkInside(face, image);
    checkSize(face);
    const cut = cutFace(image, face.landmarks);
    if (!cut)
      throw new SightlineError('FACE_NOT_FOUND', 'Expected a face inside the photo but it lies outside');
    const bounded = boundCrop(cut);
    const crop = await encodeCrop(bounded);
    return { ...(await embedCrop(this.#options.embedder, bounded)), crop };
  }
}

/** How far a face's box may reach beyond the picture, as a share of the box: detectors are no more exact than that. */
const boxTolerance = 0.1;

/**
 * Checks that a picture shows a whole face. What a detector takes for one that is larger than the picture, or that lies
 * partly outside, is made up to that extent.
 * @throws SightlineError FACE_CUT_OFF
 */
export function checkInside(
  { landmarks, box }: Pick<Detection, 'landmarks' | 'box'>,
  { width, height }: Pick<RgbImage, 'width' | 'height'>,
): void {
  const [acrossX, acrossY] = [boxTolerance * box.width, boxTolerance * box.height];
  const fits =
    box.width <= width &&
    box.height <= height &&
    box.x >= -acrossX &&
    box.y >= -acrossY &&
    box.x + box.width <= width + acrossX &&
    box.y + box.height <= height + acrossY;
  const shows = landmarks.every(({ x, y }) => x >= 0 && y >= 0 && x <= width && y <= height);
  if (fits && shows) return;
  throw new SightlineError(
    'FACE_CUT_OFF',
    `Expected a whole face inside the picture of ${width}×${height} pixels but received one of ` +
      `${Math.round(box.width)}×${Math.round(box.height)} at (${Math.round(box.x)}, ${Math.round(box.y)})` +
      `${shows ? '' : ', whose eyes, nose or mouth lie outside'}`,
  );
}

/** Checks that a face is large enough to be enrolled. @throws SightlineError FACE_TOO_SMALL */
export function checkSize({ landmarks: [leftEye, rightEye], box }: Detection): void {
  const distance = Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y);
  if (distance >= leastEyeDistancePixels) return;
  throw new SightlineError(
    'FACE_TOO_SMALL',
    `Expected eyes at least ${leastEyeDistancePixels} pixels apart but received ${distance.toFixed(1)} ` +
      `(a face of ${Math.round(box.width)}×${Math.round(box.height)} pixels)`,
  );
}

/**
 * Checks that a face has the detail of one that is large enough: enlarging a photo adds none.
 * @throws SightlineError FACE_TOO_SMALL
 */
export function checkResolution({ size }: FaceQuality): void {
  const distance = eyeDistanceOf(size);
  if (distance >= leastEyeDistancePixels) return;
  throw new SightlineError(
    'FACE_TOO_SMALL',
    `Expected eyes at least ${leastEyeDistancePixels} pixels apart but the photo was enlarged: it shows no more than if ` +
      `they were about ${Math.round(distance)} pixels apart`,
  );
}

/** Checks that a face's quality is good enough for enrolment. @throws SightlineError FACE_QUALITY_LOW */
export function checkQuality(quality: FaceQuality): void {
  const score = qualityScore(quality);
  if (score >= qualityFloor) return;
  const part = weakestPart(quality);
  throw new SightlineError(
    'FACE_QUALITY_LOW',
    `Expected a face of quality ${qualityFloor} or more but received ${score.toFixed(2)}; its weakest part is ${part} (${weaknesses[part]})`,
  );
}

/** A hash of the pixels, so that the same picture is found again whatever its file is called. */
export function pixelHash({ width, height, data }: RgbImage): string {
  return createHash('sha256').update(`${width}×${height} RGB `).update(data).digest('hex');
}
