import type { Storage } from '../core/storage.js';
import { openStorage } from '../storage/open-storage.js';
import { cameraEntrySchema } from '../services/camera-registry.js';
import { recognitionSettingsSchema } from '../services/thresholds.js';

/**
 * Opens what is kept in a data folder.
 *
 * @param exclusive for the program that watches cameras: DATA_IN_USE when another one does with this folder
 * @param create false for whoever only looks: an empty storage stands for one that is not there, and nothing is made
 * @throws SightlineError GALLERY_CORRUPT, DATA_IN_USE, DATA_UNWRITABLE, DISK_FULL
 */
export function openStore(data: string, { exclusive = false, create = true } = {}): Promise<Storage> {
  return openStorage({
    data,
    exclusive,
    create,
    importSchemas: { cameraEntry: cameraEntrySchema, recognitionSettings: recognitionSettingsSchema },
  });
}
