import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storedToken } from '../../../src/app/access-token.js';
import { temporaryFolder } from '../../helpers/sightline.js';

describe('storedToken', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  it('makes a token that nobody guesses, and gives the same one from then on', async () => {
    const data = join(folder.path, 'data');
    const token = await storedToken(data);
    expect(token).toMatch(/^[\w-]{32}$/);
    expect(await storedToken(data)).toBe(token);
    expect(await storedToken(join(folder.path, 'other'))).not.toBe(token);
  });

  it('keeps it from everybody but the owner', async () => {
    await storedToken(folder.path);
    expect(statSync(join(folder.path, 'token')).mode & 0o777).toBe(0o600);
  });

  it('says so when it cannot be kept', async () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    await expect(storedToken(join(file, 'data'))).rejects.toMatchObject({ code: 'DATA_UNWRITABLE' });
  });
});
