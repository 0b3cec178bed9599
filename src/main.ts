#!/usr/bin/env node
import { runCli } from './commands/cli.js';

process.exitCode = await runCli(process.argv);
