import { afterEach } from 'vitest';
import type { Storage } from '../../../../src/core/storage.js';

/** An empty place to keep data in, as a backend makes it for one test. */
export interface OpenedStorage {
  readonly storage: Storage;
  /** A further storage on the same data, as another program opens it. */
  reopen(): Promise<Storage>;
  /** Removes the data; every storage of it is closed. */
  close(): Promise<void>;
}

export type OpenTestStorage = () => Promise<OpenedStorage>;

/** The data of one test: what the first `open` gives is empty, and all others have the same data. */
export interface TestData {
  open(): Promise<Storage>;
}

/** To be called within a `describe`. */
export function testData(open: OpenTestStorage): TestData {
  let opened: OpenedStorage | undefined;
  const storages: Storage[] = [];
  afterEach(async () => {
    await Promise.all(storages.splice(0).map((storage) => storage.close()));
    await opened?.close();
    opened = undefined;
  });
  return {
    async open() {
      const storage = opened === undefined ? (opened = await open()).storage : await opened.reopen();
      storages.push(storage);
      return storage;
    },
  };
}
