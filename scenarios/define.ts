/** All that a scenario file needs; apart from index.ts, which imports the scenarios. */
export { anyOf, nobody, oneOfTheMost, oneOfTheSteadiest } from './casting.js';
export { domainRepeats, fileTypeRepeats, type History } from './history.js';
export {
  type Casting,
  type Deed,
  defineScenario,
  type Nobody,
  placeScenario,
  type Scenario,
  type ScenarioDefinition,
  ScenarioError,
  type Step,
  type Window,
} from './scenario.js';
export {
  BOUNCED_UNKNOWN,
  DAY,
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
} from './stage.js';
