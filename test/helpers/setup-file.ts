import { afterAll } from 'vitest';
import { endRunningPrograms } from './running-programs.js';

afterAll(endRunningPrograms);
