/** Rows of Mimecast's DLP log: one for each recipient and action that a policy took. */

import type { MailActivity } from '../../activity.js';
import type { DlpRow } from '../row.js';
import { isoSeconds, jsonText } from '../text.js';
import type { Message } from './message.js';

/**
 * Rows of a mail that a content policy held: held, and somebody told. Empty for other mail. `after`: ms
 * since the mail was scanned.
 */
export function dlpRows(
  mail: MailActivity,
  message: Message,
): { readonly after: number; readonly row: DlpRow }[] {
  const { outcome, direction, recipients } = mail;
  if (outcome.kind !== 'held' || outcome.reason !== 'Ctnt') return [];
  const { envelope_sender: sender, subject, message_id } = message;
  const { policy } = outcome;
  return ['hold', 'notification'].flatMap((action) =>
    recipients.map((recipient) => ({
      after: action === 'hold' ? 0 : 1000,
      row: { log: 'dlp', sender, recipient, subject, direction, policy, action, message_id },
    })),
  );
}

export function dlpLine(row: DlpRow, time: number): string {
  const { sender, recipient, subject = '', direction, policy, action, message_id = '' } = row;
  return `{"senderAddress":${jsonText(sender)},"recipientAddress":${jsonText(recipient)},"subject":${jsonText(subject)},"eventTime":"${isoSeconds(time)}+0000","route":"${direction}","policy":${jsonText(policy)},"action":"${action}","messageId":${jsonText(message_id)}}`;
}
