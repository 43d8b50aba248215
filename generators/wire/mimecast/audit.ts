/** Mimecast audit events, one JSON object each, keys in the API's order. */

import type { AuditActivity } from '../../activity.js';
import type { Random } from '../../random.js';
import { hex, isoSeconds, jsonText, offsetText } from '../text.js';

/** Zones that are not UTC have no name here: `GMT-04:00`. */
function zoneText(utc_offset: number): string {
  const offset = offsetText(utc_offset);
  return utc_offset === 0 ? offset : `GMT${offset.slice(0, 3)}:${offset.slice(3)}`;
}

/** The whole act in words, in the zone of the account. */
export function auditText(activity: AuditActivity, utc_offset: number): string {
  const zone = zoneText(utc_offset);
  const moment = isoSeconds(activity.time + utc_offset * 60_000);
  const when = `Date: ${moment.slice(0, 10)}, Time: ${moment.slice(11)} ${zone}, IP: ${activity.src_ip}`;
  // Sign-ins end with application and method; other acts begin with what was done.
  return activity.text.startsWith('Application:')
    ? `${activity.audit_type.endsWith('Failed') ? 'Failed' : 'Successful'} authentication for ${activity.user}, ${when}, ${activity.text}`
    : `${activity.text}, ${when}, Application: Administration Console`;
}

export function auditId(random: Random): string {
  return `eNoVzr0OgjAYQNF36awJ${hex(random, 32)}${hex(random, 16)}`;
}

export function auditLine(activity: AuditActivity, id: string, text: string): string {
  return `{"id":${jsonText(id)},"auditType":${jsonText(activity.audit_type)},"user":${jsonText(activity.user)},"eventTime":"${isoSeconds(activity.time)}+0000","eventInfo":${jsonText(text)},"category":${jsonText(activity.category)}}`;
}
