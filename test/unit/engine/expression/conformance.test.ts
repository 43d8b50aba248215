import { describe, expect, it } from 'vitest';
import { conformanceVerdicts, type Verdict } from './conformance-cases.js';
import { conformance, type SectionResult } from './conformance-list.js';

const verdicts = conformanceVerdicts();

const bySection = new Map<string, Verdict[]>();
for (const verdict of verdicts) {
  const cases = bySection.get(verdict.section) ?? [];
  bySection.set(verdict.section, cases);
  cases.push(verdict);
}

function resultOf(cases: readonly Verdict[]): SectionResult {
  const agrees = cases.filter(({ kind }) => kind === 'agrees').length;
  const outside: Record<string, number> = {};
  const differs: Record<string, string> = {};
  for (const { kind, reason, name } of cases) {
    if (kind === 'outside') outside[reason] = (outside[reason] ?? 0) + 1;
    else if (kind === 'differs') differs[name] = reason;
  }
  return {
    ...(agrees > 0 && { agrees }),
    ...(Object.keys(outside).length > 0 && { outside }),
    ...(Object.keys(differs).length > 0 && { differs }),
  };
}

describe('the official CEL conformance cases', () => {
  it('has a word for every section, and no section that is gone', () => {
    expect([...bySection.keys()].sort()).toEqual(Object.keys(conformance).sort());
  });

  it.each([...bySection])('%s is as listed', (section, cases) => {
    expect(resultOf(cases)).toEqual(conformance[section]);
  });

  it('gives the same value by compiled code and by the interpreter', () => {
    expect(verdicts.filter(({ consistent }) => !consistent)).toEqual([]);
  });

  it('has as many cases inside the language as it is known for', () => {
    const count = (kind: Verdict['kind']) => verdicts.filter((one) => one.kind === kind).length;
    expect({ agrees: count('agrees'), differs: count('differs'), all: verdicts.length }).toEqual({
      agrees: 387,
      differs: 19,
      all: 2344,
    });
  });
});
