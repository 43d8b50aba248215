/** Rows of Mimecast's log of message views, one JSON object each, keys in the API's order. */

import type { ArchiveViewActivity } from '../../activity.js';
import { isoSeconds, jsonText } from '../text.js';

export function archiveViewLine(view: ArchiveViewActivity): string {
  return `{"viewer":${jsonText(view.user)},"source":"${view.source}","viewed":"${isoSeconds(view.time)}+0000","from":${jsonText(view.from)},"to":${jsonText(view.to)},"subject":${jsonText(view.subject)},"messageDate":"${isoSeconds(view.sent)}+0000","contentViewed":${view.content_viewed},"discoveryCase":${view.discovery_case}}`;
}
