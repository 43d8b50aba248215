/** Microsoft 365 unified audit records of mailbox rules, one JSON object each. */

import type { InboxRuleActivity, Organisation } from '../../activity.js';
import { type Random, randomStream } from '../../random.js';
import { isoSeconds, uuid } from '../text.js';

/** The tenant's id, the same in all its records. */
export function tenantId(organisation: Organisation): string {
  return uuid(randomStream(organisation.seed, 'tenant'));
}

export function unifiedAuditLine(
  activity: InboxRuleActivity,
  tenant: string,
  random: Random,
): string {
  const parameters: { Name: string; Value: string }[] = [];
  const forward = activity.forward_to;
  if (activity.operation === 'Set-Mailbox') {
    parameters.push({ Name: 'Identity', Value: activity.user });
    if (forward.length > 0) {
      parameters.push({ Name: 'ForwardingSmtpAddress', Value: `smtp:${forward.join(';smtp:')}` });
      parameters.push({ Name: 'DeliverToMailboxAndForward', Value: 'True' });
    }
  } else {
    parameters.push({ Name: 'AlwaysDeleteOutlookRulesBlob', Value: 'False' });
    parameters.push({ Name: 'Force', Value: 'False' });
    if (forward.length > 0) parameters.push({ Name: 'ForwardTo', Value: forward.join(';') });
    if (activity.move_to_folder !== undefined) {
      parameters.push({ Name: 'MoveToFolder', Value: activity.move_to_folder });
    }
    parameters.push({ Name: 'Name', Value: activity.rule_name });
    if (activity.words.length > 0) {
      parameters.push({ Name: 'SubjectOrBodyContainsWords', Value: activity.words.join(';') });
    }
    parameters.push({ Name: 'StopProcessingRules', Value: 'True' });
  }
  return JSON.stringify({
    CreationTime: isoSeconds(activity.time),
    Id: uuid(random),
    Operation: activity.operation,
    OrganizationId: tenant,
    RecordType: 1,
    ResultStatus: 'True',
    UserKey: activity.user,
    UserType: 2,
    Version: 1,
    Workload: 'Exchange',
    ClientIP: activity.src_ip,
    ObjectId: `${activity.user}\\${activity.operation === 'Set-Mailbox' ? 'mailbox' : activity.rule_name}`,
    UserId: activity.user,
    Parameters: parameters,
  });
}
