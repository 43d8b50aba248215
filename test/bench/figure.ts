import Table from 'cli-table3';

/** One figure of the benchmark, as `--out` writes it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it has to reach, and what it should; absent for figures that are only shown. */
  readonly must?: number;
  readonly aim?: number;
  /** Figures where less is better say so. */
  readonly lower_is_better?: boolean;
  /** Over what it was measured. */
  readonly over?: string;
}

export type Verdict = 'falls short' | 'ok' | 'reaches aim' | '';

export function verdictOf({ value, must, aim, lower_is_better }: Figure): Verdict {
  if (must === undefined && aim === undefined) return '';
  const reaches = (limit: number): boolean => (lower_is_better ? value <= limit : value >= limit);
  if (aim !== undefined && reaches(aim)) return 'reaches aim';
  // An aim without a must binds nobody.
  return must === undefined || reaches(must) ? 'ok' : 'falls short';
}

function shown(value: number | undefined): string {
  if (value === undefined) return '';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** The figures for reading, below what they were measured over. */
export function tableOf(figures: readonly Figure[]): string {
  const table = new Table({
    head: ['figure', 'value', 'unit', 'must', 'aim', 'verdict'],
    colAligns: ['left', 'right', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  let above: string | undefined;
  for (const figure of figures) {
    const { name, value, unit, must, aim, over, lower_is_better } = figure;
    const sign = lower_is_better ? '≤ ' : '≥ ';
    const limit = (bound: number | undefined) => (bound === undefined ? '' : sign + shown(bound));
    if (over !== above) table.push([{ colSpan: 6, content: over ?? '' }]);
    above = over;
    table.push([`  ${name}`, shown(value), unit, limit(must), limit(aim), verdictOf(figure)]);
  }
  return table.toString();
}

/** The figures for machines. */
export function jsonOf(figures: readonly Figure[]): string {
  const plain = figures.map(({ name, value, unit, must, aim }) => ({
    name,
    value,
    unit,
    must: must ?? null,
    aim: aim ?? null,
  }));
  return `${JSON.stringify(plain, null, 2)}\n`;
}
