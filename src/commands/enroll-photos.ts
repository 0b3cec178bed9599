import type { EnrolmentWarning } from '../core/enrolment-warning.js';
import { asSightlineError, type SightlineError } from '../core/errors.js';
import { createDetector, photoDetector } from '../detection/create-detector.js';
import { readImage } from '../ingest/still-image.js';
import type { ModelStore } from '../models/model-store.js';
import { Enroller } from '../recognition/enrolment/enrolment.js';
import { photoLimits, type NamedPhoto } from './photos.js';
import type { OpenGallery } from './open-gallery.js';

export type PhotoOutcome =
  | {
      readonly photo: NamedPhoto;
      readonly status: 'enrolled' | 'known already';
      readonly warnings: readonly EnrolmentWarning[];
    }
  | { readonly photo: NamedPhoto; readonly status: 'refused'; readonly error: SightlineError };

/** Enrols photos one by one and yields what became of each; a photo that is refused stops none of the others. */
export async function* enrollPhotos(
  photos: readonly NamedPhoto[],
  recognition: OpenGallery,
  models: ModelStore,
): AsyncGenerator<PhotoOutcome> {
  const detector = await createDetector(photoDetector, models, () => undefined);
  const enroller = new Enroller({ ...recognition, detect: (image) => detector.detect(image) });
  try {
    for (const photo of photos) yield await enrollOne(photo, enroller);
  } finally {
    await detector.close();
  }
}

async function enrollOne(photo: NamedPhoto, enroller: Enroller): Promise<PhotoOutcome> {
  try {
    const image = await readImage(photo.path, photoLimits);
    const { added, warnings } = await enroller.enrollPhoto(photo.name, image, photo.photoName);
    return { photo, status: added ? 'enrolled' : 'known already', warnings };
  } catch (error) {
    const known = asSightlineError(error);
    // What no other photo can mend is not the photo's fault.
    if (['GALLERY_CORRUPT', 'DATA_UNWRITABLE', 'INTERNAL'].includes(known.code)) throw known;
    return { photo, status: 'refused', error: known };
  }
}
