/** Rows of Mimecast's URL protection log: one for each click on a rewritten link. */

import type { ClickRow } from '../row.js';
import { isoSeconds, jsonText } from '../text.js';

/** The API writes its texts with `\/` for `/`. */
const text = (value: string): string => jsonText(value).replaceAll('/', '\\/');

/** `time` is the moment of the click. */
export function clickLine(row: ClickRow, time: number): string {
  const { url, category, malicious, recipient } = row.click;
  const { sender, source, subject = '', message_id = '' } = row;
  const action = malicious ? 'block' : 'allow';
  return `{"userEmailAddress":${text(recipient)},"fromUserEmailAddress":${text(sender)},"url":${text(url)},"ttpDefinition":"Inbound URL 'Aggressive'","subject":${text(subject)},"action":"${action}","adminOverride":"N\\/A","userOverride":"None","scanResult":"${malicious ? 'malicious' : 'clean'}","category":${text(category)},"sendingIp":"${source}","userAwarenessAction":"${malicious ? 'N\\/A' : 'Continue'}","date":"${isoSeconds(time)}+0000","actions":"${malicious ? 'Block' : 'Allow'}","route":"inbound","creationMethod":"User Click","emailPartsDescription":["Body"],"messageId":${text(message_id)}}`;
}
