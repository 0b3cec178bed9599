import { Command } from 'commander';
export function enrollCommand(): Command { return new Command('enroll'); }
