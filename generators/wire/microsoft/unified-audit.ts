/**
 * Microsoft 365 unified audit records of mailbox rules, one JSON object each. Rules that are set on
 * the web or by an administrator are cmdlets; those of the desktop's Outlook are acts on the mailbox
 * and look otherwise.
 */

import type { InboxRuleActivity, Organisation } from '../../activity.js';
import { hashText, Random, randomStream } from '../../random.js';
import { base64Of32Bytes, isoSeconds, uuid } from '../text.js';

/** The tenant's id, the same in all its records. */
export function tenantId(organisation: Organisation): string {
  return uuid(randomStream(organisation.seed, 'tenant'));
}

interface Named {
  readonly Name: string;
  readonly Value: string;
}

export function unifiedAuditLine(activity: InboxRuleActivity, id: string, tenant: string): string {
  const { time, operation, user, src_ip } = activity;
  const inOutlook = operation === 'UpdateInboxRules';
  return JSON.stringify({
    CreationTime: isoSeconds(time),
    Id: id,
    Operation: operation,
    OrganizationId: tenant,
    RecordType: inOutlook ? 2 : 1,
    ResultStatus: inOutlook ? 'Succeeded' : 'True',
    UserKey: user,
    UserType: inOutlook ? 0 : 2,
    Version: 1,
    Workload: 'Exchange',
    ClientIP: src_ip,
    ...(inOutlook ? mailboxAct(activity) : cmdlet(activity)),
  });
}

/** What the audit of cmdlets adds. */
function cmdlet({ operation, user, rule_name, ...rule }: InboxRuleActivity): object {
  const { forward_to, move_to_folder, words } = rule;
  const parameters: Named[] = [];
  if (operation === 'Set-Mailbox') {
    parameters.push({ Name: 'Identity', Value: user });
    if (forward_to.length > 0) {
      const targets = `smtp:${forward_to.join(';smtp:')}`;
      parameters.push({ Name: 'ForwardingSmtpAddress', Value: targets });
      parameters.push({ Name: 'DeliverToMailboxAndForward', Value: 'True' });
    }
  } else {
    parameters.push({ Name: 'AlwaysDeleteOutlookRulesBlob', Value: 'False' });
    parameters.push({ Name: 'Force', Value: 'False' });
    if (forward_to.length > 0) parameters.push({ Name: 'ForwardTo', Value: forward_to.join(';') });
    if (move_to_folder !== undefined) {
      parameters.push({ Name: 'MoveToFolder', Value: move_to_folder });
    }
    parameters.push({ Name: 'Name', Value: rule_name });
    if (words.length > 0) {
      parameters.push({ Name: 'SubjectOrBodyContainsWords', Value: words.join(';') });
    }
    parameters.push({ Name: 'StopProcessingRules', Value: 'True' });
  }
  return {
    ObjectId: `${user}\\${operation === 'Set-Mailbox' ? 'mailbox' : rule_name}`,
    UserId: user,
    Parameters: parameters,
  };
}

/**
 * What the audit of mailboxes adds. Always a new rule: of a changed one only its number is logged.
 * Its condition is left out, since no published record shows how words are spelt in one.
 */
function mailboxAct({ user, rule_name, forward_to, move_to_folder }: InboxRuleActivity): object {
  const actions: object[] = [];
  if (forward_to.length > 0) {
    actions.push({ ActionType: 'Forward', Recipients: forward_to, ForwardFlags: 'None' });
  }
  if (move_to_folder !== undefined) {
    actions.push({
      ActionType: 'Move',
      DestinationFolderId: folderId(user, move_to_folder),
      FolderIsInThisStore: 'True',
    });
  }
  const properties: Named[] = [
    { Name: 'RuleOperation', Value: 'AddMailboxRule' },
    { Name: 'RuleId', Value: '0' },
    { Name: 'RuleState', Value: 'Enabled, ExitAfterExecution' },
    { Name: 'RuleName', Value: rule_name },
    { Name: 'RuleProvider', Value: 'RuleOrganizer' },
    { Name: 'RuleActions', Value: JSON.stringify(actions) },
  ];
  return {
    UserId: user,
    ClientInfoString: 'Client=MSExchangeRPC',
    ClientProcessName: 'OUTLOOK.EXE',
    ExternalAccess: false,
    InternalLogonType: 0,
    LogonType: 0,
    MailboxOwnerUPN: user,
    OperationProperties: properties,
  };
}

/** A folder has an id and no name in these records; always the same one. */
function folderId(user: string, folder: string): string {
  const id = new Random(hashText(user), hashText(folder));
  return `LgAAAA${base64Of32Bytes(() => id.word())}`;
}
