/**
 * Seeded worlds: people, what they do, and the log lines that come of it. Read organisation.ts and
 * background.ts first. Nothing here knows what a rule is.
 */

export type {
  Activity,
  ArchiveViewActivity,
  Attachment,
  AuditActivity,
  Click,
  InboxRuleActivity,
  LogName,
  MailActivity,
  Mailbox,
  MailOutcome,
  Move,
  Organisation,
  Person,
  WebActivity,
  WireLine,
} from './activity.js';
export { type BackgroundOptions, background } from './background.js';
export {
  isHoliday,
  isOnLeave,
  isQuarterEnd,
  isTimeZone,
  localDay,
  type Office,
  officeIn,
  startOfDay,
  type Trip,
  tripOf,
  utcOffset,
  weekday,
} from './calendar.js';
export {
  type ColumnBatch,
  type ColumnsOptions,
  columns,
  DIRECTIONS,
  LOGS,
  type MailColumns,
  NONE,
  type PlainRow,
  VERDICTS,
} from './columns.js';
export { type DirectoryEntry, type DirectoryOptions, organisationFrom } from './directory.js';
export { DEFAULT_MIX, type Mix } from './mix.js';
export {
  createOrganisation,
  type OrganisationOptions,
  officeOf,
  peerGroupAt,
} from './organisation.js';
export { type OutsideWorld, outsideWorld } from './outside.js';
export {
  CORPUS_LEVEL,
  DEFAULT_PROFILE,
  type Profile,
  type ProfileChanges,
  profileOf,
  profileWith,
  SIZE_GROWTH,
} from './profile.js';
export { hashNumbers, hashText, hashUnit, Random, randomStream, Weighted } from './random.js';
export {
  merge,
  type Tagged,
  type TimelineLine,
  type TimelineOptions,
  timeline,
} from './timeline.js';
export { createWriter, type Writer, type WriterOptions } from './wire/writer.js';
