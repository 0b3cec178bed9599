import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Puts end-to-end tests, which take longest, before integration tests and those before unit tests, so that no slow
 * file is left for one worker while the other has nothing more to do. Within a folder the order is Vitest's own.
 */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  return ['/test/e2e/', '/test/integration/', '/test/unit/'].findIndex((folder) => moduleId.includes(folder));
}
