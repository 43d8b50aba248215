/** Rows of Mimecast's URL protection log: one for each click on a rewritten link. */

import type { Click } from '../../activity.js';
import { isoSeconds, jsonText } from '../text.js';
import type { Message } from './message.js';

/** The API writes its texts with `\/` for `/`. */
const text = (value: string): string => jsonText(value).replaceAll('/', '\\/');

/** `time` is the moment of the click. */
export function clickLine(click: Click, message: Message, time: number): string {
  const { url, category, malicious, recipient } = click;
  const action = malicious ? 'block' : 'allow';
  return `{"userEmailAddress":${text(recipient)},"fromUserEmailAddress":${text(message.header_from)},"url":${text(url)},"ttpDefinition":"Inbound URL 'Aggressive'","subject":${text(message.subject ?? '')},"action":"${action}","adminOverride":"N\\/A","userOverride":"None","scanResult":"${malicious ? 'malicious' : 'clean'}","category":${text(category)},"sendingIp":"${message.source}","userAwarenessAction":"${malicious ? 'N\\/A' : 'Continue'}","date":"${isoSeconds(time)}+0000","actions":"${malicious ? 'Block' : 'Allow'}","route":"inbound","creationMethod":"User Click","emailPartsDescription":["Body"],"messageId":${text(message.message_id ?? '')}}`;
}
