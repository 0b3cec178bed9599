import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planPhotos, requirePhotos } from '../../../src/commands/photos.js';
import { temporaryFolder } from '../../helpers/sightline.js';

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

async function files(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), jpeg);
  }
}

/** The plan for a folder in the temporary one, with paths below that. */
async function plan(name?: string, path = '') {
  const below = (full: string) => relative(folder.path, full);
  const { photos, leftOut } = await planPhotos(join(folder.path, path), name);
  return {
    photos: photos.map((photo) => `${photo.name}: ${below(photo.path)}`),
    leftOut: Object.fromEntries(leftOut.map((entry) => [below(entry.path), entry.why])),
  };
}

describe('planPhotos', () => {
  it('takes photos in the folders of people, and all folders within', async () => {
    await files('Ana/b.jpg', 'Ana/a.PNG', 'Kit/2023/summer/x.jpg', 'Kit/2024/x.jpg', 'Kit/y.jpg');
    expect(await plan()).toEqual({
      photos: [
        'Ana: Ana/a.PNG',
        'Ana: Ana/b.jpg',
        'Kit: Kit/y.jpg',
        'Kit: Kit/2023/summer/x.jpg',
        'Kit: Kit/2024/x.jpg',
      ],
      leftOut: {},
    });
    const { photos } = await planPhotos(folder.path, undefined);
    expect(photos.at(-1)?.photoName).toBe(join('2024', 'x.jpg'));
  });

  it('never guesses whom a picture shows that lies in nobody’s folder', async () => {
    await files('Ana/a.jpg', 'loose.jpg');
    expect(await plan()).toMatchObject({
      photos: ['Ana: Ana/a.jpg'],
      leftOut: { 'loose.jpg': expect.stringContaining('nobody’s folder') as string },
    });
    const loose = await planPhotos(join(folder.path, 'Ana'), undefined);
    expect([loose.photos, loose.leftOut.length]).toEqual([[], 1]);
    expect(() => requirePhotos(loose, folder.path)).toThrow('--name');
  });

  it('takes years for no people', async () => {
    await files('2023/a.jpg', '2023-07-15/a.jpg', '1042/a.jpg');
    const { photos, leftOut } = await plan();
    expect(photos).toEqual(['1042: 1042/a.jpg']);
    expect(Object.keys(leftOut)).toEqual(['2023', '2023-07-15']);
    expect((await plan('Kit')).photos).toHaveLength(3);
  });

  it('goes by the bytes of a file, and says which files are no pictures', async () => {
    await files('Ana/a.jfif', 'Ana/no-ending');
    await writeFile(join(folder.path, 'Ana', 'a.bmp'), 'BM\x36\0\0\0');
    await writeFile(join(folder.path, 'Ana', 'notes.txt'), 'Ana at the sea');
    await writeFile(join(folder.path, 'Ana', 'phone.heic'), '\0\0\0\x18ftypheic');
    await writeFile(join(folder.path, 'Ana', 'damaged.jpg'), '');
    const { photos, leftOut } = await plan();
    expect(photos).toEqual(
      ['a.jfif', 'damaged.jpg', 'no-ending', 'phone.heic'].map((name) => `Ana: Ana/${name}`),
    );
    expect(Object.keys(leftOut)).toEqual(['Ana/a.bmp', 'Ana/notes.txt']);
    expect(leftOut['Ana/a.bmp']).toContain('save it as JPEG');
  });

  it('names folders of the system, hidden files, empty folders and folders called unknown', async () => {
    await files('Ana/a.jpg', '@eaDir/a.jpg', '#recycle/a.jpg', '.hidden/a.jpg', 'Unknown/a.jpg');
    await files('Ana/.b.jpg', 'Ana/@eaDir/a.jpg');
    await mkdir(join(folder.path, 'Empty', 'inside'), { recursive: true });
    const { photos, leftOut } = await plan();
    expect(photos).toEqual(['Ana: Ana/a.jpg']);
    expect(leftOut).toEqual({
      '@eaDir': expect.stringContaining('system') as string,
      '#recycle': expect.stringContaining('system') as string,
      '.hidden': 'is hidden',
      'Ana/.b.jpg': 'is hidden',
      'Ana/@eaDir': expect.stringContaining('system') as string,
      Unknown: expect.stringContaining('people without a name') as string,
      Empty: 'has no photo in it',
    });
  });

  it('follows symbolic links, each folder once', async () => {
    await files('Ana/a.jpg', 'elsewhere/b.jpg');
    await cp(join(folder.path, 'elsewhere'), join(folder.path, 'Ben'), { recursive: true });
    await symlink('..', join(folder.path, 'Ana', 'round'));
    await symlink(join(folder.path, 'elsewhere'), join(folder.path, 'Ana', 'more'));
    await symlink('nowhere', join(folder.path, 'Ana', 'broken.jpg'));
    const { photos, leftOut } = await plan();
    expect(photos).toEqual(['Ana: Ana/a.jpg', 'Ana: Ana/more/b.jpg', 'Ben: Ben/b.jpg']);
    expect(leftOut).toEqual({
      'Ana/round': expect.stringContaining('read already') as string,
      'Ana/broken.jpg': expect.stringContaining('ENOENT') as string,
      elsewhere: expect.stringContaining('read already') as string,
    });
  });
});
