import { openStorage } from '../../../src/storage/open-storage.js';
import { temporaryFolder } from '../../helpers/sightline.js';
import { describeStorage } from './contract/describe-storage.js';

describeStorage('SQLite', async () => {
  const folder = temporaryFolder();
  const reopen = () => openStorage({ data: folder.path });
  const close = (): Promise<void> => Promise.resolve(folder.remove());
  return { storage: await reopen(), reopen, close };
});
