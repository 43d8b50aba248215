/** What the process exit code says. The same for every command. */
export const exitCode = {
  /** All gates hold; nothing was wrong. */
  pass: 0,
  /** A gate failed. */
  fail: 1,
  /** Content fault: schema, lint, a rule's or parser's own test. */
  content: 2,
  /** Usage or input fault: a flag, a file, a scenario that does not compile. */
  usage: 3,
  /** Not enough evidence to say whether the gates hold. */
  evidence: 4,
  /** A fault of Leakdrill itself. */
  bug: 70,
  /** Stopped by Ctrl-C. */
  interrupted: 130,
} as const;
