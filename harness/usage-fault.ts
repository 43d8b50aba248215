/** Something the caller must put right: a flag, a file, a scenario. */
export class UsageFault extends Error {
  /** What to do about it, one sentence. */
  readonly advice: string | undefined;

  constructor(message: string, advice?: string) {
    super(message);
    this.name = 'UsageFault';
    this.advice = advice;
  }
}
