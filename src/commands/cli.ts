import { Command, CommanderError } from 'commander';
import { asSightlineError } from '../core/errors.js';
import { packageInfo } from '../app/package-info.js';
import { demoCommand } from './demo.js';
import { detectCommand } from './detect.js';
import { doctorCommand } from './doctor.js';
import { enrollCommand } from './enroll.js';
import { evaluateCommand } from './evaluate.js';
import { identifyCommand } from './identify.js';
import { eventsCommand } from './events.js';
import { headsCommand } from './heads.js';
import { modelsCommand } from './models.js';
import { peopleCommand } from './people.js';
import { rejectCommand } from './reject.js';
import { runCommand } from './run.js';
import { verifyCommand } from './verify.js';
import { unknownCommand } from './unknown.js';
import { trainCommand } from './train.js';

/**
 * Runs the command line and gives the exit code: 0 done, 1 failed, 2 used wrongly. Errors that a user can mend are
 * printed as what happened, their code, and what to do; only a defect prints a stack.
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  const program = new Command('sightline')
    .description(packageInfo().description)
    .version(packageInfo().version)
    .addCommand(runCommand())
    .addCommand(demoCommand())
    .addCommand(enrollCommand())
    .addCommand(identifyCommand())
    .addCommand(verifyCommand())
    .addCommand(peopleCommand())
    .addCommand(unknownCommand())
    .addCommand(eventsCommand())
    .addCommand(rejectCommand())
    .addCommand(detectCommand())
    .addCommand(evaluateCommand())
    .addCommand(trainCommand())
    .addCommand(headsCommand())
    .addCommand(modelsCommand())
    .addCommand(doctorCommand());
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap(({ commands }) => commands),
  ]) {
    command.exitOverride().showHelpAfterError('(--help shows how to use it)');
  }
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return report(error);
  }
}

const usedWrongly = ['CONFIG_INVALID', 'CONFIG_UNREADABLE', 'USAGE', 'CONFIRMATION_MISSING'];

function report(error: unknown): number {
  const known = asSightlineError(error);
  process.stderr.write(`Error ${known.code}: ${known.message}\n${known.remedy}\n`);
  if (known.code === 'INTERNAL') process.stderr.write(`${known.stack ?? ''}\n`);
  return usedWrongly.includes(known.code) ? 2 : 1;
}
