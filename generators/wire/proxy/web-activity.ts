/** The generic proxy record: our own format, since Mimecast has no feed of blocked uploads. */

import type { WebActivity } from '../../activity.js';
import { isoSeconds, jsonText } from '../text.js';

/** `bytes_in` is what the proxy received from the user, that is, the upload. */
export function webActivityLine(activity: WebActivity): string {
  const host = /^[a-z]+:\/\/([^/:?#]+)/i.exec(activity.url)?.[1] ?? '';
  return `{"type":"web-activity","time":"${isoSeconds(activity.time)}Z","user":${jsonText(activity.user)},"src_ip":${jsonText(activity.src_ip)},"url":${jsonText(activity.url)},"web_domain":${jsonText(host)},"category":${jsonText(activity.category)},"method":"${activity.method}","action":"blocked","bytes_in":${activity.bytes_uploaded},"bytes_out":${activity.bytes_downloaded},"user_agent":${jsonText(activity.user_agent)}}`;
}
