/** All that a scenario file needs; apart from index.ts, which imports the scenarios. */
export { anyOf, nobody, oneOfTheMost, oneOfTheSteadiest } from './casting.js';
export { domainRepeats, fileTypeRepeats, type History } from './history.js';
export {
  type Casting,
  defineScenario,
  type Nobody,
  placeScenario,
  type Scenario,
  type ScenarioDefinition,
  ScenarioError,
  type Step,
} from './scenario.js';
export {
  BOUNCED_UNKNOWN,
  DAY,
  type Deed,
  HELD_FOR_CONTENT,
  HOUR,
  type InboxRuleParts,
  KB,
  type MailParts,
  MB,
  MINUTE,
  SECOND,
  type Stage,
  type WebParts,
  type Window,
} from './stage.js';
