/**
 * Seeded worlds: people, what they do, and the log lines that come of it. Read organisation.ts and
 * background.ts first. Nothing here knows what a rule is.
 */

export type {
  Activity,
  Attachment,
  AuditActivity,
  InboxRuleActivity,
  MailActivity,
  MailOutcome,
  Organisation,
  Person,
  WebActivity,
  WireLine,
} from './activity.js';
export { type BackgroundOptions, background } from './background.js';
export { isHoliday, isOnLeave, isQuarterEnd, type Office, officeIn, weekday } from './calendar.js';
export { DEFAULT_MIX, type Mix } from './mix.js';
export { createOrganisation, type OrganisationOptions, officeOf } from './organisation.js';
export { ATTACHMENT_MU, BODY_MU, type OutsideWorld, outsideWorld } from './outside.js';
export { hashNumbers, hashText, hashUnit, Random, randomStream, Weighted } from './random.js';
export {
  merge,
  type Tagged,
  type TimelineLine,
  type TimelineOptions,
  timeline,
} from './timeline.js';
export { createWriter, type Writer, type WriterOptions } from './wire/writer.js';
