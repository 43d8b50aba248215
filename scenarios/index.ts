import competitorHandover from './attack/T1048.003/competitor-handover.js';
import customerListsScattered from './attack/T1048.003/customer-lists-scattered.js';
import executiveMailLeaked from './attack/T1048.003/executive-mail-leaked.js';
import firstParcelHome from './attack/T1048.003/first-parcel-home.js';
import newAccountBulkExport from './attack/T1048.003/new-account-bulk-export.js';
import personalMailboxDrip from './attack/T1048.003/personal-mailbox-drip.js';
import retryAfterBlock from './attack/T1048.003/retry-after-block.js';
import staffRecordsHome from './attack/T1048.003/staff-records-home.js';
import tenderToNewCountry from './attack/T1048.003/tender-to-new-country.js';
import firstRefusalIsLarge from './attack/T1071.001/first-refusal-is-large.js';
import executiveMailboxForwarded from './attack/T1114.003/executive-mailbox-forwarded.js';
import silentCopyToOwnFirm from './attack/T1114.003/silent-copy-to-own-firm.js';
import cloudStorageSiege from './attack/T1567.002/cloud-storage-siege.js';
import { placeScenario, type Scenario } from './define.js';
import codeSampleForSupport from './look-alike/T1048.003/code-sample-for-support.js';
import designFilesToAgency from './look-alike/T1048.003/design-files-to-agency.js';
import executiveReadsAtHome from './look-alike/T1048.003/executive-reads-at-home.js';
import holidayPhotosHome from './look-alike/T1048.003/holiday-photos-home.js';
import newAccountSendsBrochures from './look-alike/T1048.003/new-account-sends-brochures.js';
import newSupplierOnboarding from './look-alike/T1048.003/new-supplier-onboarding.js';
import payslipToSelf from './look-alike/T1048.003/payslip-to-self.js';
import typoBounceResend from './look-alike/T1048.003/typo-bounce-resend.js';
import formRefusedTwice from './look-alike/T1071.001/form-refused-twice.js';
import largeUploadByFrequentUser from './look-alike/T1071.001/large-upload-by-frequent-user.js';
import assistantForwardsToColleague from './look-alike/T1114.003/assistant-forwards-to-colleague.js';
import invoicesToAFolder from './look-alike/T1114.003/invoices-to-a-folder.js';
import campaignPortalUploads from './look-alike/T1567.002/campaign-portal-uploads.js';
import oneLinkFromACustomer from './look-alike/T1567.002/one-link-from-a-customer.js';

export { castScenario, workdaysOf } from './casting.js';
export * from './define.js';
export { gatherHistory } from './history.js';
export { type PlayedStep, type PlaySetting, playScenario } from './play.js';

/** The scenarios that come with the product, by id. */
export const scenarios: readonly Scenario[] = [
  placeScenario('attack/T1048.003/competitor-handover', competitorHandover),
  placeScenario('attack/T1048.003/customer-lists-scattered', customerListsScattered),
  placeScenario('attack/T1048.003/executive-mail-leaked', executiveMailLeaked),
  placeScenario('attack/T1048.003/first-parcel-home', firstParcelHome),
  placeScenario('attack/T1048.003/new-account-bulk-export', newAccountBulkExport),
  placeScenario('attack/T1048.003/personal-mailbox-drip', personalMailboxDrip),
  placeScenario('attack/T1048.003/retry-after-block', retryAfterBlock),
  placeScenario('attack/T1048.003/staff-records-home', staffRecordsHome),
  placeScenario('attack/T1048.003/tender-to-new-country', tenderToNewCountry),
  placeScenario('attack/T1071.001/first-refusal-is-large', firstRefusalIsLarge),
  placeScenario('attack/T1114.003/executive-mailbox-forwarded', executiveMailboxForwarded),
  placeScenario('attack/T1114.003/silent-copy-to-own-firm', silentCopyToOwnFirm),
  placeScenario('attack/T1567.002/cloud-storage-siege', cloudStorageSiege),
  placeScenario('look-alike/T1048.003/code-sample-for-support', codeSampleForSupport),
  placeScenario('look-alike/T1048.003/design-files-to-agency', designFilesToAgency),
  placeScenario('look-alike/T1048.003/executive-reads-at-home', executiveReadsAtHome),
  placeScenario('look-alike/T1048.003/holiday-photos-home', holidayPhotosHome),
  placeScenario('look-alike/T1048.003/new-account-sends-brochures', newAccountSendsBrochures),
  placeScenario('look-alike/T1048.003/new-supplier-onboarding', newSupplierOnboarding),
  placeScenario('look-alike/T1048.003/payslip-to-self', payslipToSelf),
  placeScenario('look-alike/T1048.003/typo-bounce-resend', typoBounceResend),
  placeScenario('look-alike/T1071.001/form-refused-twice', formRefusedTwice),
  placeScenario('look-alike/T1071.001/large-upload-by-frequent-user', largeUploadByFrequentUser),
  placeScenario(
    'look-alike/T1114.003/assistant-forwards-to-colleague',
    assistantForwardsToColleague,
  ),
  placeScenario('look-alike/T1114.003/invoices-to-a-folder', invoicesToAFolder),
  placeScenario('look-alike/T1567.002/campaign-portal-uploads', campaignPortalUploads),
  placeScenario('look-alike/T1567.002/one-link-from-a-customer', oneLinkFromACustomer),
];
