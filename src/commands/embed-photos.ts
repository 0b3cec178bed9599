import { asSightlineError, SightlineError, type ErrorCode } from '../core/errors.js';
import { readImage } from '../ingest/still-image.js';
import { checkInside, checkQuality, checkSize, pixelHash } from '../recognition/enrolment/enrolment.js';
import { mainFace } from '../recognition/enrolment/main-face.js';
import { normalisePersonName } from '../recognition/enrolment/person-name.js';
import type { TrainingPhoto } from '../training/training-set.js';
import type { FaceReader } from './face-reader.js';
import { photoLimits, type NamedPhoto } from './photos.js';

/** A photo that training goes without. */
export interface RefusedPhoto {
  readonly path: string;
  readonly person: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Embeds photos one by one, as fit for enrolment as any; one that is refused stops none of the others. */
export async function embedPhotos(
  photos: readonly NamedPhoto[],
  reader: FaceReader,
  onProgress: (done: number) => void,
): Promise<{ photos: TrainingPhoto[]; refused: RefusedPhoto[] }> {
  const embedded: TrainingPhoto[] = [];
  const refused: RefusedPhoto[] = [];
  for (const [done, photo] of photos.entries()) {
    onProgress(done);
    try {
      embedded.push(await embedPhoto(photo, reader));
    } catch (error) {
      const { code, message } = refusal(error);
      refused.push({ path: photo.path, person: photo.name, code, message });
    }
  }
  return { photos: embedded, refused };
}

async function embedPhoto({ name, path }: NamedPhoto, reader: FaceReader): Promise<TrainingPhoto> {
  const person = normalisePersonName(name);
  const image = await readImage(path, photoLimits);
  const detection = mainFace(await reader.detect(image));
  checkInside(detection, image);
  checkSize(detection);
  const face = await reader.read(image, detection);
  if (!face)
    throw new SightlineError('FACE_NOT_FOUND', 'Expected a face inside the photo but it lies outside');
  checkQuality(face.quality);
  return { person, path, vector: face.vector, pixelHash: pixelHash(image) };
}

/** What no other photo can mend is not the photo's fault. */
function refusal(error: unknown): SightlineError {
  const known = asSightlineError(error);
  if (['DETECTOR_FAILED', 'EMBEDDER_FAILED', 'INTERNAL'].includes(known.code)) throw known;
  return known;
}
