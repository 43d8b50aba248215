/** Rows of Mimecast's DLP log: one for each recipient and action that a policy took. */

import type { MailActivity, WireLine } from '../../activity.js';
import { isoSeconds, jsonText } from '../text.js';
import type { Message } from './message.js';

/** Rows of a mail that a content policy held: held, and somebody told. Empty for other mail. */
export function dlpLines(mail: MailActivity, message: Message, time: number): WireLine[] {
  const { outcome } = mail;
  const { envelope_sender, message_id = '' } = message;
  if (outcome.kind !== 'held' || outcome.reason !== 'Ctnt') return [];
  const lines: WireLine[] = [];
  for (const action of ['hold', 'notification']) {
    const at = action === 'hold' ? time : time + 1000;
    for (const recipient of mail.recipients) {
      lines.push({
        time: at,
        log: 'dlp',
        message_id,
        text: `{"senderAddress":${jsonText(envelope_sender)},"recipientAddress":${jsonText(recipient)},"subject":${jsonText(message.subject ?? '')},"eventTime":"${isoSeconds(at)}+0000","route":"${mail.direction}","policy":${jsonText(outcome.policy)},"action":"${action}","messageId":${jsonText(message_id)}}`,
      });
    }
  }
  return lines;
}
