import { afterAll } from 'vitest';
import './fast-equality.js';
import { endRunningPrograms } from './running-programs.js';

afterAll(endRunningPrograms);
