import { describe, expect, it } from 'vitest';
import { defineScenario, nobody, placeScenario, type ScenarioDefinition } from '#scenarios';

const good: ScenarioDefinition = {
  kind: 'attack',
  technique: 'T1048.003',
  title: 'A leak',
  story: 'Somebody leaks something.',
  expects: ['EM-File'],
  cast: (candidates) => candidates[0] ?? nobody('anybody'),
  *play() {},
};

/** What a user's file without types may hand over. */
const wrong = (change: object): unknown => ({ ...good, ...change });

describe('defining a scenario', () => {
  it('hands a good one back', () => {
    expect(defineScenario(good)).toBe(good);
  });

  it('names the story and everything that is wrong with it', () => {
    const bad = wrong({ kind: 'leak', technique: 'exfil', days: 0 }) as ScenarioDefinition;
    expect(() => defineScenario(bad)).toThrow(
      /^scenario "A leak": kind must be 'attack' or 'look-alike', not "leak"; technique must be an ATT&CK id such as T1048\.003, not "exfil"; days must be a whole number of working days from 1, not 0$/,
    );
  });

  it.each([
    [{ title: ' ' }, 'title must be text'],
    [{ story: undefined }, 'story must be text, not nothing'],
    [{ expects: 'EM-File' }, 'expects must be a list of rule ids'],
    [{ expects: [] }, 'an attack names the rules that should fire'],
    [{ expects: ['EM-File', 'EM-File'] }, 'expects names EM-File twice'],
    [{ cast: 'anybody' }, 'cast must be a function, not "anybody"'],
    [{ play: undefined }, 'play must be a function, not nothing'],
    [{ begins: 3 }, 'begins must be a function, not 3'],
    [{ casts: () => undefined }, 'casts is not known'],
  ])('refuses %o', (change, message) => {
    expect(() => defineScenario(wrong(change) as ScenarioDefinition)).toThrow(message);
  });
});

describe('placing a scenario', () => {
  it('takes the path as its id', () => {
    expect(placeScenario('attack/T1048.003/a-leak', good)).toMatchObject({
      id: 'attack/T1048.003/a-leak',
      title: 'A leak',
    });
  });

  it.each([
    ['attack/T1048.003/A leak', /must read attack\/<technique>\/<name>/],
    ['benign/T1048.003/a-leak', /must read attack\/<technique>\/<name>/],
    ['look-alike/T1048.003/a-leak', /lies under look-alike\/ but its kind is attack/],
    ['attack/T1567.002/a-leak', /lies under T1567.002\/ but its technique is T1048.003/],
  ])('refuses %s', (id, message) => {
    expect(() => placeScenario(id, good)).toThrow(message);
  });

  it.each([[undefined], [null], ['text'], [() => good]])('refuses %o as a scenario', (value) => {
    expect(() => placeScenario('attack/T1048.003/a-leak', value)).toThrow(
      /^scenario attack\/T1048\.003\/a-leak: must be an object made with defineScenario, not/,
    );
  });

  it('names a faulty scenario by its id', () => {
    expect(() => placeScenario('attack/T1048.003/a-leak', wrong({ expects: [3] }))).toThrow(
      'scenario attack/T1048.003/a-leak: expects must be a list of rule ids, not [3]',
    );
  });
});
