import { packageVersion } from '../package-root.js';
import type { UsageFault } from '../usage-fault.js';
import { readInvocation } from './arguments.js';
import type { Command } from './command.js';
import { exitCode } from './exit.js';
import { helpText } from './help.js';
import type { CommandName } from './options.js';
import { painter, type Shell, wantsColor, widthOf, write } from './shell.js';

/** Imported when asked for: a replay shall not wait for what only a drill needs. */
const load: Record<CommandName, () => Promise<Command>> = {
  drill: async () => (await import('./drill.js')).drill,
  replay: async () => (await import('./replay.js')).replayFiles,
  emit: async () => (await import('./emit.js')).emitLines,
  score: async () => (await import('./score.js')).scoreAlerts,
  realism: async () => (await import('./realism.js')).realism,
  lint: async () => (await import('./lint.js')).lint,
  test: async () => (await import('./test.js')).test,
  list: async () => (await import('./list.js')).list,
  new: async () => (await import('./new.js')).newFile,
  docs: async () => (await import('./docs.js')).docs,
};

/**
 * Runs one command line (without node and script) and gives its exit code. Never throws:
 * what goes wrong is told on stderr.
 */
export async function runCli(argv: readonly string[], shell: Shell): Promise<number> {
  let debug = argv.includes('--debug') || Boolean(shell.env['LEAKDRILL_DEBUG']);
  try {
    const invocation = readInvocation(argv, shell.env, shell.cwd);
    debug ||= invocation.settings.debug;
    if (invocation.version) {
      await write(shell.stdout, `leakdrill ${packageVersion()}\n`);
      return exitCode.pass;
    }
    if (invocation.help) {
      const about = invocation.named ? invocation.command : undefined;
      await write(shell.stdout, helpText(about, widthOf(shell.stdout)));
      return exitCode.pass;
    }
    for (const warning of invocation.warnings) await write(shell.stderr, `leakdrill: ${warning}\n`);
    const command = await load[invocation.command]();
    return await command(invocation, shell);
  } catch (error) {
    return await report(error, shell, debug);
  }
}

async function report(error: unknown, shell: Shell, debug: boolean): Promise<number> {
  const paint = painter(wantsColor(shell, shell.stderr, undefined));
  const fault = error instanceof Error ? error : new Error(String(error));
  const stack = debug ? `${fault.stack ?? ''}\n` : '';
  // By name: a fault may come from the hooks or a worker thread, where its class stayed behind.
  if (fault.name === 'UsageFault') {
    const { advice } = fault as UsageFault;
    await write(
      shell.stderr,
      `leakdrill: ${paint('red', fault.message)}\n${advice === undefined ? '' : `${advice}\n`}${stack}`,
    );
    return exitCode.usage;
  }
  await write(
    shell.stderr,
    `leakdrill: ${paint('red', `${fault.name}: ${fault.message}`)}\nThis is a bug in Leakdrill. Please report it with the command that you ran${debug ? '' : '; --debug shows where it happened'}.\n${stack}`,
  );
  return exitCode.bug;
}
