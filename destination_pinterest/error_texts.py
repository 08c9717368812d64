"""What the page of errors says of each code: what happened, and what to do, in Markdown.

Apart from the codes, since a sync needs none of it, and it takes more memory than the rest of an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from destination_pinterest.error_codes import Code


class ErrorText(NamedTuple):
    """`summary` says what happened, `remedy` what to do."""

    summary: str
    remedy: str


TEXTS: Final[Mapping[Code, ErrorText]] = {
    Code.ACCESS_TOKEN_REFUSED: ErrorText(
        "Pinterest refuses the access token.",
        "Access tokens end after 30 days, and with a change of the user's name or password. Make a new one, or change "
        "to OAuth.",
    ),
    Code.SIGN_IN_NOT_RENEWED: ErrorText(
        "Pinterest does not renew the sign-in.",
        "Sign in again in the destination's settings. It happens after 60 days without a sync or check; when the same "
        "refresh token is used in two places, since each renewal ends the one before; when the app's secret was "
        "changed; and when the network failed in the one moment in which a new token was on its way. While the access "
        "token still works, it is only a warning. On the command line, a config file that another run has renewed is "
        "read again.",
    ),
    Code.TOKEN_MALFORMED: ErrorText(
        "An access token or refresh token in the settings is empty, or holds what no token does.",
        "Copy the token again, without blanks or line breaks.",
    ),
    Code.SCOPE_MISSING: ErrorText(
        "The token was granted too little.",
        "Sign in again and agree to all scopes, or generate a token with them.",
    ),
    Code.RENEWAL_DUE_IN_DISCOVERY: ErrorText(
        "The access token was at its end while Airbyte looked up the destination's objects, and Airbyte would not keep "
        "a new one from there.",
        "Test the destination once, then refresh the list of objects.",
    ),
    Code.SIGN_IN_RENEWED_ELSEWHERE: ErrorText(
        "Pinterest does not renew the sign-in; another sync or check with the same one may have done so meanwhile.",
        "Nothing: Airbyte starts the next attempt with the settings as they are then. Only a job's first attempt ends "
        "so; if the second fails too, it is with PIN-AUTH-002.",
    ),
    Code.CODE_REFUSED: ErrorText(
        "Pinterest does not accept the code with which `pinterest-audiences login` signs in.",
        "A code is good once, and for about ten minutes. See that the app's ID, secret and redirect URI are those "
        "under My apps, and sign in again.",
    ),
    Code.ROLE_MISSING: ErrorText(
        "The person who signed in, or the app, may not change audiences of the ad account.",
        "Have the owner of the ad account give that person the role Admin or Audience; see that the app has access to "
        "the account.",
    ),
    Code.AD_ACCOUNT_DISAPPROVED: ErrorText(
        "Pinterest has disapproved the ad account, or is still reviewing it.",
        "Look at the account's status in Pinterest Ads Manager. A review ends by itself.",
    ),
    Code.SETTINGS_INVALID: ErrorText(
        "Settings are missing or can't be used.",
        "The message names each setting and what it must be.",
    ),
    Code.CONFIG_FILE_UNUSABLE: ErrorText(
        "The connector can't read its config file, or it holds no JSON object.",
        "Correct the path after `--config`, the file's permissions or its content.",
    ),
    Code.COMMAND_WRONG: ErrorText(
        "The connector was started without a command, or with options that it does not have.",
        "Type one of `spec`, `check`, `discover` and `write`; `--help` names the options.",
    ),
    Code.AUDIENCE_NAME_EMPTY: ErrorText(
        "The audience name of the settings is blank for a stream.",
        "Put `{stream}` into the audience name.",
    ),
    Code.OPERATION_COLUMN_UNKNOWN: ErrorText(
        "No stream has the operation column that the settings name, so every row would add, also those that should "
        "remove.",
        "Correct the column's name (upper and lower case count), or take the setting out.",
    ),
    Code.OPERATION_VALUES_INVALID: ErrorText(
        "An operation value is blank, or is given both as one that adds and as one that removes.",
        "Keep each value in one of the two lists. A row without an operation always adds.",
    ),
    Code.DESTINATION_OBJECT_UNKNOWN: ErrorText(
        "A stream's destination object is none that this connector offers, or belongs to another ad account.",
        "Refresh the list of objects in the connection's settings and choose one of them.",
    ),
    Code.ID_MALFORMED: ErrorText(
        "An id of an ad account, audience or customer list is not up to 18 digits.",
        "Copy the ad account's ID again, or choose the destination object again.",
    ),
    Code.COLUMN_MISSING: ErrorText(
        "A stream lacks a column that Identity columns or Operation column names, and so does every other of the sync.",
        "Correct the column's name (upper and lower case count). If streams of other connections have it, switch on "
        "Allow missing columns (`allow_missing_columns`).",
    ),
    Code.RECORD_FORMAT_CONTRADICTS_COLUMNS: ErrorText(
        "All identity columns of a stream are of kinds that only requests in the form `records_v2` can carry, and "
        "`record_format` is `records`.",
        "Set `record_format` to `auto`, or name another identity column.",
    ),
    Code.COUNTRY_UNKNOWN: ErrorText(
        "`default_country` is the code of no country that has phone numbers.",
        "Enter the country's two letters as in ISO 3166-1: `GB`, not `UK`.",
    ),
    Code.AUDIENCE_COLUMN_NOT_IN_NAME: ErrorText(
        "The settings name an audience column and an audience name that does not hold it, so that one of the two would "
        "not be used.",
        "Put the column, in braces, into Audience name, or leave the audience name out.",
    ),
    Code.AUDIENCE_COLUMN_MISSING: ErrorText(
        "A stream lacks a column that names its audiences.",
        "Correct the name in Audience column or Audience name (upper and lower case count), or take the stream out of "
        "the connection.",
    ),
    Code.AUDIENCE_COLUMN_IDENTIFIES: ErrorText(
        "A column that identifies people was to name audiences. Names of audiences are shown in many places.",
        "Choose a column that names groups, such as a segment or a country.",
    ),
    Code.AUDIENCE_COLUMN_NEEDS_STORE: ErrorText(
        "A stream is set to Overwrite and a column names its audiences, but there is no membership store. Without one, "
        "every sync would leave a customer list for each audience, and a row that changed its audience would stay in "
        "the old one.",
        "Set up a membership store, or choose a sync mode that ends in Append.",
    ),
    Code.TOO_MANY_AUDIENCES: ErrorText(
        "The rows name more audiences than the settings permit. None beyond those was created.",
        "Check that the column names groups of people. If it does, raise Most audiences (max_audiences).",
    ),
    Code.AD_ACCOUNT_COLUMN_MISSING: ErrorText(
        "A stream lacks the column that names the ad account of each row.",
        "Correct Ad account column, or take the stream out of the connection.",
    ),
    Code.CONSENT_COLUMN_MISSING: ErrorText(
        "A stream lacks the column that Consent column names, so its rows would be added without anybody's consent.",
        "Correct the column's name (upper and lower case count), bring the column into the stream, or lead the stream "
        "to Pinterest by a destination of its own.",
    ),
    Code.CONSENT_VALUES_INVALID: ErrorText(
        "One of the values that permit, under Consent column, is blank.",
        "Remove it: a row whose consent is null or blank never consents.",
    ),
    Code.SUPPRESSION_STORE_NOT_SET: ErrorText(
        "People are to be forgotten everywhere, and the settings name no suppression store, which keeps later syncs "
        "from bringing them back.",
        "Set `suppression_store`: a folder or a bucket, and a store key of its own.",
    ),
    Code.AUDIENCE_NAMED_LIKE_LABEL: ErrorText(
        "An audience name is that of a list in which the connector replaces an audience. The people in such a list may "
        "have left long ago.",
        "Choose another audience name; the audience itself is named like that without the brackets.",
    ),
    Code.REMOVAL_PLACE_UNUSED: ErrorText(
        "`remove_from` is `everywhere`, and the settings or a stream say that people are added.",
        "Set What the table does (`mode`) to `remove`, or `remove_from` to `audience`.",
    ),
    Code.EXPIRY_WITHOUT_STORE: ErrorText(
        "The settings say when members expire, and nothing remembers when their rows last came.",
        "Set up a membership store, which works with the mode `mirror`, or take `expire_after_days` out.",
    ),
    Code.EXPIRY_OF_EXCLUDED: ErrorText(
        "Members of an exclusion audience are to expire, and would see ads again.",
        "Take `expire_after_days` out, or set `used_for` to `targeting`.",
    ),
    Code.NO_IDENTITY_COLUMN_RECOGNISED: ErrorText(
        "No column is recognised as an identity column.",
        "Name it under Identity columns (on the command line by `--identity`, in a project file by `identities`), or "
        "take the stream out of the connection.",
    ),
    Code.IDENTITY_COLUMNS_NOT_IN_STREAM: ErrorText(
        "The stream has none of the identity columns of the settings.",
        "Correct the names (upper and lower case count), or take the stream out of the connection.",
    ),
    Code.IDENTITY_COLUMN_MISDECLARED: ErrorText(
        "Identity columns has no entry, one without a column's name, or two for one column.",
        "Name each column once. A column holds one kind of identifier; `maid` stands for the advertising IDs of "
        "Android and iOS together.",
    ),
    Code.IDENTITY_FORMAT_UNKNOWN: ErrorText(
        "An identity column is declared in a format in which its kind of identifier does not come.",
        "Choose a format that it comes in; [Identities](identities.md) has the table.",
    ),
    Code.COLUMN_NAME_UNREADABLE: ErrorText(
        "The name of a column that is needed has a quotation mark, a backslash or a control character in it.",
        "Rename the column where the data comes from, or name other columns in the settings.",
    ),
    Code.SYNC_MODE_UNKNOWN: ErrorText(
        "A stream is set to a sync mode that the connector does not offer.",
        "Choose a mode that ends in Append, Append + Deduped or Overwrite.",
    ),
    Code.SOFT_DELETE_CONTRADICTS_MODE: ErrorText(
        "The settings say that nobody leaves (`mode` is `additive`), and a stream removes (`soft_delete`).",
        "Change the one or the other.",
    ),
    Code.SYNC_STOPPED: ErrorText(
        "The sync was cancelled while a request waited.",
        "Nothing. The next sync goes on where this one ended.",
    ),
    Code.AUDIENCES_FAILED: ErrorText(
        "Several audiences failed for different reasons, and waiting helps none of them. The others are synced.",
        "Do for each audience what the message says behind its code. The rows of the failed audiences are read again.",
    ),
    Code.AUDIENCES_FAILED_FOR_NOW: ErrorText(
        "Several audiences failed for different reasons, and some of these may pass. The others are synced.",
        "Nothing at first in Airbyte, which tries again; elsewhere, run it again. Do what the message says for those "
        "that stay.",
    ),
    Code.AUDIENCE_OF_OTHER_TYPE: ErrorText(
        "An audience of the name is there and is of a type that can't take members from a table.",
        "Choose another audience name, or rename that audience in Pinterest Ads Manager.",
    ),
    Code.CHOSEN_AUDIENCE_OF_OTHER_TYPE: ErrorText(
        "The audience that a stream was pointed at is of a type that can't take members from a table.",
        "Choose another destination object in the connection's settings.",
    ),
    Code.CHOSEN_AUDIENCE_GONE: ErrorText(
        "The audience that a stream was pointed at is gone.",
        "Refresh the list of objects in the connection's settings and choose another one.",
    ),
    Code.CUSTOMER_LIST_GONE: ErrorText(
        "The customer list that an audience is made of is gone.",
        "Remove or rename the audience in Pinterest Ads Manager, then sync again: a new one is created. Where the "
        "stream was pointed at that audience, choose another destination object.",
    ),
    Code.CUSTOMER_LIST_UNKNOWN: ErrorText(
        "Pinterest does not say which customer list an audience is made of.",
        "Choose another audience name.",
    ),
    Code.CUSTOMER_LIST_SHARED: ErrorText(
        "Two audiences are made of one customer list, so that two streams would contradict each other.",
        "Choose another audience name for one of the streams, or one name (or destination object) for both.",
    ),
    Code.AUDIENCE_NOT_READY: ErrorText(
        "A refresh had no audience to replace, and Pinterest does not create one of the new customer list yet.",
        "Let the job end; the ordinary sync after it goes on. Nobody is lost, since the table is read again.",
    ),
    Code.SWAP_NOT_READY: ErrorText(
        "Pinterest does not switch the audience to the new customer list yet. Matching takes longer than a sync can "
        "wait.",
        "See [Pinterest refused to switch the audience](#pinterest-refused-to-switch-the-audience).",
    ),
    Code.SWAP_REFUSED: ErrorText(
        "Pinterest does not let the audience be made of another customer list.",
        "See [Pinterest refused to switch the audience](#pinterest-refused-to-switch-the-audience).",
    ),
    Code.SECOND_AUDIENCE_NOT_READY: ErrorText(
        "Pinterest neither switches the audience nor creates a second one of the new customer list yet.",
        "See [Pinterest refused to switch the audience](#pinterest-refused-to-switch-the-audience).",
    ),
    Code.AUDIENCE_TO_REMOVE_FROM_MISSING: ErrorText(
        "A stream only removes people (mode remove, or Soft delete), and there is no audience of that name to remove "
        "them from.",
        "Correct the audience name: the message has the nearest names that exist. `pinterest-audiences audiences` "
        "lists all.",
    ),
    Code.LIST_USE_UNKNOWN: ErrorText(
        "A customer list of the audience's name may be in use: Pinterest does not say what another audience is made "
        "of.",
        "Choose another audience name, or remove the audience that the message names in Pinterest Ads Manager.",
    ),
    Code.AUDIENCE_GONE: ErrorText(
        "There is a customer list and no audience of it, and `if_audience_is_gone` is `fail`.",
        "See [An audience was deleted in Ads Manager](#an-audience-was-deleted-in-ads-manager).",
    ),
    Code.NAME_AMBIGUOUS: ErrorText(
        "Two names differ only in blanks or in how their letters are encoded, and either may be meant.",
        "Set the audience name to the one that is meant, or rename one of the two in Pinterest Ads Manager. Of two "
        "names in the settings, change one.",
    ),
    Code.LABEL_NOT_KEPT: ErrorText(
        "Pinterest shortens the name of the list in which a replacement is built, so that a later attempt would not "
        "find it.",
        "Choose a shorter audience name.",
    ),
    Code.AD_ACCOUNT_NOT_REACHED: ErrorText(
        "The sign-in does not reach an ad account of the settings.",
        "The message names the accounts that it reaches: correct the ID, or have the account shared with the user who "
        "signed in.",
    ),
    Code.CHOSEN_AUDIENCE_IS_NCA: ErrorText(
        "The audience that a stream was pointed at is for new customer acquisition, whose people Pinterest matches in "
        "another way.",
        "Choose another destination object in the connection's settings.",
    ),
    Code.AUDIENCE_NOT_BEGUN: ErrorText(
        "`pinterest-audiences create` has created a customer list, and Pinterest does not make an audience of it yet.",
        "Nothing: the first sync fills the list and creates the audience as soon as Pinterest does so. To try again, "
        "type the same command.",
    ),
    Code.REMOVAL_ABOVE_LIMIT: ErrorText(
        "More identifiers would leave the audience than Largest removal permits.",
        "See [The guard refused](#the-guard-refused).",
    ),
    Code.REMOVAL_NOT_COUNTABLE: ErrorText(
        "Pinterest does not tell how many identifiers its customer lists hold, so nobody knows how many would leave.",
        "If the table is right, set Largest removal to 100: without Pinterest's counters nothing less permits "
        "anything. See [The guard refused](#the-guard-refused).",
    ),
    Code.TABLE_INCOMPLETE: ErrorText(
        "The input ended without proof that the whole table came, so nothing was replaced or removed.",
        "Look at the source's log: it failed, or was cancelled. If it comes with every sync, see "
        "[The proof never comes](#the-proof-never-comes).",
    ),
    Code.IDENTITY_DRIFT: ErrorText(
        "A kind of identifier that the last sync had is missing from the rows, or far fewer rows have it, so people "
        "would leave who may still be in the table.",
        "See [The identifiers are not what they were](#the-identifiers-are-not-what-they-were).",
    ),
    Code.NO_ROW_USABLE: ErrorText(
        "No row of a stream that has values could be used: in a pass over a whole table, or in 100 rows or more of an "
        "increment. Nothing was replaced or removed for being absent, and the rows are read again.",
        "The message says what the values of each column look like. See "
        "[Rows that can't be used](#rows-that-cant-be-used).",
    ),
    Code.TOO_MANY_ROWS_REJECTED: ErrorText(
        "More of a stream's rows with values were rejected than Largest share of rejected rows permits. Nothing was "
        "replaced or removed for being absent, and the rows since then are read again.",
        "The message says what the values of each column look like. See "
        "[Rows that can't be used](#rows-that-cant-be-used).",
    ),
    Code.NOBODY_CONSENTS: ErrorText(
        "No row of a table that is to replace an audience has consent to advertising, so the audience would be empty.",
        "If that is right, switch on Allow an empty audience. If not, name the values that permit advertising under "
        "Consent column, or correct the table.",
    ),
    Code.EXCLUSION_INCOMPLETE: ErrorText(
        "A kind of identifier that the last sync had is missing from the rows that join an exclusion audience, or far "
        "fewer rows have it, so people may see ads who must not.",
        "See [The identifiers are not what they were](#the-identifiers-are-not-what-they-were).",
    ),
    Code.NOT_FOUND: ErrorText(
        "Pinterest does not know the ad account, audience or list, or does not show it to the person who signed in.",
        "Check the ad account's ID, and that the person who signed in may see the account.",
    ),
    Code.REQUEST_REFUSED: ErrorText(
        "Pinterest refuses what was asked.",
        "Pinterest's text in brackets says what it refuses. If it is not about your settings, report it.",
    ),
    Code.REQUEST_TOO_LARGE: ErrorText(
        "Pinterest finds a request too large, and to halve it did not help.",
        "Lower `batch_size`.",
    ),
    Code.SINGLE_IDENTIFIER_REFUSED: ErrorText(
        "Pinterest refuses even a single identifier as too much, so size is not the reason.",
        "Read what Pinterest says in the brackets (too many customer lists, for one).",
    ),
    Code.CHANGED_MEANWHILE: ErrorText(
        "A list or audience changed while it was being written.",
        "Nothing. If it comes often, another program writes to the same list or audience.",
    ),
    Code.CREATION_IN_DOUBT: ErrorText(
        "It is not known whether Pinterest has created a list or audience: no usable answer came.",
        "Nothing. The next sync looks for it by name before it creates another.",
    ),
    Code.PINTEREST_FAULT: ErrorText(
        "Pinterest has a fault of its own.",
        "Wait. If it lasts, look at Pinterest's status page.",
    ),
    Code.ANSWER_UNEXPECTED: ErrorText(
        "Pinterest's answer is not what its description says.",
        "Report it, with the request id.",
    ),
    Code.WRONG_ADDRESS: ErrorText(
        "What stands at the API's address is not Pinterest's API.",
        "Check `api_base_url`; without it, check the proxy.",
    ),
    Code.ANSWER_OF_ANOTHER: ErrorText(
        "Pinterest's answer is about another ad account, list or audience than was asked for.",
        "Report it, with the request id. If a proxy between here and Pinterest keeps answers, switch that off.",
    ),
    Code.ANSWER_TOO_LARGE: ErrorText(
        "An answer is larger than any that is expected of Pinterest, or a listing does not end. What was read is "
        "dropped.",
        "Check `api_base_url` and the proxy; if they are right, report it.",
    ),
    Code.RECORDS_V2_REFUSED: ErrorText(
        "Pinterest does not accept requests in the form `records_v2`, which phone numbers, customer IDs and envelopes "
        "need, and they have to be sent: `record_format` is `records_v2`, or people who were added so must leave.",
        "Ask Pinterest whether your app may use `records_v2`. With `record_format` set to `auto`, new rows are sent "
        "without these identifiers; with `records`, people who were added by them also stay without an error.",
    ),
    Code.QUOTA_USED_UP: ErrorText(
        "The app's and user's quota of requests is used up for longer than `retry_hours` allows to wait.",
        "Run the sync after the time that is named. On Trial access, see "
        "[More rows than a day's quota](#more-rows-than-a-days-quota). If it comes often, something else uses the same "
        "app as the same person.",
    ),
    Code.OBJECT_BUSY: ErrorText(
        "Writes to one list or audience come faster than Pinterest takes them.",
        "Nothing: requests to that list go one at a time from then on. If it ends the sync, another connection writes "
        "to the same list.",
    ),
    Code.SPAM_FILTER: ErrorText(
        "Pinterest's spam filter holds requests back.",
        "Wait some hours, and have the connection sync less often. If it stays, ask Pinterest's support.",
    ),
    Code.SHARED_QUOTA_UNUSABLE: ErrorText(
        "What **Shared quota** names can't be used.",
        "See that the Redis runs and can be reached, or that the file can be written. Only `check` ends with this: a "
        "sync goes on alone, and says so.",
    ),
    Code.REDIS_PACKAGE_MISSING: ErrorText(
        "**Shared quota** names a Redis, and the package for it is not installed.",
        "Install the extra `redis`, or name a file.",
    ),
    Code.REDIS_SIGN_IN_REFUSED: ErrorText(
        "The Redis that **Shared quota** names does not take the user or the password of the address.",
        "Correct `redis://user:password@host`; `%` and two digits stand for what an address can't have, such as `%40` "
        "for `@`. Only `check` ends with this: a sync goes on alone, and says so.",
    ),
    Code.REDIS_RIGHTS_MISSING: ErrorText(
        "The user of the Redis that **Shared quota** names may not do what is needed there.",
        "Give it the rights that [Many processes, one quota](scale.md#many-processes-one-quota) lists. Only `check` "
        "ends with this: a sync goes on alone, and says so.",
    ),
    Code.REDIS_NOT_TRUSTED: ErrorText(
        "There is no trusted TLS connection to the Redis that **Shared quota** names.",
        "Name the host as its certificate does, and the authority of the certificate in `SSL_CERT_FILE`; `rediss://` "
        "is for a Redis with TLS, `redis://` for one without. Only `check` ends with this: a sync goes on alone, and "
        "says so.",
    ),
    Code.PINTEREST_UNREACHABLE: ErrorText(
        "Pinterest's API can't be reached, or gave no complete answer.",
        "Nothing at first. If it lasts: is `api.pinterest.com` reachable from where the connector runs, through the "
        "proxy that `HTTPS_PROXY` names?",
    ),
    Code.ANSWER_UNREADABLE: ErrorText(
        "An answer was not JSON, or was cut off.",
        "If it lasts, something between here and Pinterest answers in its place: a proxy's login page, a firewall.",
    ),
    Code.CERTIFICATE_UNVERIFIED: ErrorText(
        "The certificate of Pinterest's API can't be verified.",
        "Name the certificates of a proxy that signs anew in `REQUESTS_CA_BUNDLE`; check the machine's clock.",
    ),
    Code.PROXY_LOGIN: ErrorText(
        "The proxy between here and Pinterest asks for a login.",
        "Put the login into `HTTPS_PROXY`.",
    ),
    Code.PROXY_REFUSES: ErrorText(
        "The proxy does not connect to Pinterest's API or to a bucket.",
        "Allow the host that is named in the proxy's rules, or correct `HTTPS_PROXY` or `NO_PROXY`.",
    ),
    Code.CERTIFICATES_UNUSABLE: ErrorText(
        "The file of certificates that `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `SSL_CERT_FILE` or, for a bucket, "
        "`AWS_CA_BUNDLE` names is not there, can't be read, or holds none.",
        "Correct the path; in a container, the file has to be mounted into it.",
    ),
    Code.HOST_UNKNOWN: ErrorText(
        "The name server knows no host of the name of Pinterest's API or of a bucket.",
        "Correct the name server of the machine that the connector runs on. Where only the proxy knows names of the "
        "internet, name it in `HTTPS_PROXY`. It is this error only until the first answer; later the request is tried "
        "again.",
    ),
    Code.NO_ROUTE: ErrorText(
        "There is no way through the network to Pinterest's API or to a bucket.",
        "See to the network of the machine or container, or name a proxy in `HTTPS_PROXY`. It is this error only until "
        "the first answer; later the request is tried again.",
    ),
    Code.PROXY_UNREACHABLE: ErrorText(
        "The proxy can't be used: it refuses connections, there is no such host or no way to it, or its address is "
        "none.",
        "Correct `HTTPS_PROXY`, or name the host in `NO_PROXY`. It is this error only until the first answer; later "
        "the request is tried again.",
    ),
    Code.STORE_BUSY: ErrorText(
        "Another sync is at work on the same audience with the same membership store.",
        "Nothing in Airbyte, which tries again; elsewhere, run it again later. If it comes often, two connections keep "
        "the same audience; see that they don't run at the same time.",
    ),
    Code.STORE_TAKEN_OVER: ErrorText(
        "Another sync took the membership store over, since this one had stood still for longer than 40 seconds.",
        "Nothing in Airbyte, which tries again; elsewhere, run it again. If it comes often, look why the sync stands "
        "still.",
    ),
    Code.STORE_KEY_WRONG: ErrorText(
        "The membership store was written with another store key.",
        "Enter the store key that it was written with. If it is lost, start anew: "
        "[The store can't be used](#the-store-cant-be-used).",
    ),
    Code.STORE_OF_OTHER_AUDIENCE: ErrorText(
        "A folder of the membership store is about another audience: it was renamed or copied.",
        "Put the right one there, or start anew: [The store can't be used](#the-store-cant-be-used).",
    ),
    Code.STORE_DAMAGED: ErrorText(
        "The membership store is damaged, or files of it are missing.",
        "Restore the folder from a backup, or start anew: [The store can't be used](#the-store-cant-be-used).",
    ),
    Code.STORE_OF_LATER_VERSION: ErrorText(
        "The membership store was written by a later version of the connector.",
        "Use that version, or a later one.",
    ),
    Code.STORE_OUT_OF_STEP: ErrorText(
        "The audience was replaced, or created anew, without the membership store, so the store is wrong about its "
        "members.",
        "[Start anew](#starting-a-store-anew).",
    ),
    Code.STORE_FOLDER_REFUSED: ErrorText(
        "The folder of the membership store is not there, or may not be used.",
        "Mount the volume, create the folder, or let the connector read and write in it.",
    ),
    Code.STORE_FOLDER_FAILED: ErrorText(
        "The folder of the membership store did not work.",
        "Its disk is full or failing.",
    ),
    Code.STORE_FORGETS: ErrorText(
        "The membership store did not give back what was written to it.",
        "The storage loses or changes what it is given; look at its own logs.",
    ),
    Code.LOCAL_DISK_FAILED: ErrorText(
        "The local disk is too small, or fails, for work on the membership store.",
        "It takes about 400 bytes for each row and member. Free some, or name a larger disk in `TMPDIR`.",
    ),
    Code.NO_LOCAL_FOLDER: ErrorText(
        "No folder on the local disk can be written to, and the membership store needs one to work in.",
        "Name one in `TMPDIR`. In a container with a read-only root file system, mount a volume there.",
    ),
    Code.TOO_MANY_STREAMS: ErrorText(
        "More streams write to one audience than the membership store can tell apart.",
        "Give some of the streams an audience of their own.",
    ),
    Code.STORE_ROLLED_BACK: ErrorText(
        "Pinterest has seen a later state of the membership store: the store is an older copy, or another store has "
        "kept the audience since.",
        "Restore the newest copy. If there is none, see [An older copy of the store](#an-older-copy-of-the-store).",
    ),
    Code.STORE_HAS_LINK: ErrorText(
        "A file or folder in the membership store's folder is a link, or something else that the connector did not put "
        "there.",
        "Find out who put it there, and put back the file or folder itself. Only the path in the settings may be a "
        "link.",
    ),
    Code.STORE_NOT_SET: ErrorText(
        "A command about the membership store found none in the settings.",
        "Set `membership_store` in the config.",
    ),
    Code.STORE_COPY_REFUSED: ErrorText(
        "Where the membership store was to be copied to, another one knows the audience, or a later state of the same.",
        "Copy to an empty folder or bucket, or drop that audience there first.",
    ),
    Code.STORE_PART_MISSING: ErrorText(
        "The membership store knows no audience of that name in the ad account.",
        "Give the name as `pinterest-audiences store verify` shows it.",
    ),
    Code.SUPPRESSION_KEY_WRONG: ErrorText(
        "The suppression store was written with another store key.",
        "Enter the store key that it was written with: the one of `suppression_store`, not of `membership_store`.",
    ),
    Code.SUPPRESSION_DAMAGED: ErrorText(
        "The suppression store is damaged, or files of it are missing. No sync goes on without it, since that could "
        "bring back people who were forgotten.",
        "Restore its folder `suppressions` from a backup. Run `pinterest-audiences forget` again for those who were "
        "forgotten since.",
    ),
    Code.SUPPRESSION_OF_LATER_VERSION: ErrorText(
        "The suppression store was written by a later version of the connector.",
        "Use that version, or a later one.",
    ),
    Code.SUPPRESSION_BUSY: ErrorText(
        "Several commands change the suppression store at the same time.",
        "Run it again later; what was done stays done.",
    ),
    Code.FORGETTING_INCOMPLETE: ErrorText(
        "People are suppressed, but not yet out of every customer list and ledger: a sync is at work on some, or "
        "Pinterest refused some. The certificate names them.",
        "Run the same command again: it goes on with what is left. Airbyte does so by itself.",
    ),
    Code.BUCKET_MISSING: ErrorText(
        "The bucket does not exist.",
        "Create it, or correct its name or the endpoint. Then test the destination and sync again: no state after what "
        "was not stored was returned.",
    ),
    Code.BUCKET_ROLE_REFUSED: ErrorText(
        "The role for the bucket may not be assumed.",
        "Correct the role's ARN, or let the role trust the user of the access keys.",
    ),
    Code.BUCKET_KEYS_INVALID: ErrorText(
        "The access keys of the bucket are missing or not valid.",
        "Enter valid ones, or give the machine a role.",
    ),
    Code.BUCKET_IN_OTHER_REGION: ErrorText(
        "The bucket lies in another region.",
        "Correct the region in the settings.",
    ),
    Code.BUCKET_CLOCK_DIFFERS: ErrorText(
        "The storage refuses the request's time.",
        "Set the clock of the machine that the connector runs on.",
    ),
    Code.BUCKET_ACCESS_DENIED: ErrorText(
        "The bucket does not allow what the connector needs.",
        "Grant what the message names, on the bucket and its path.",
    ),
    Code.BUCKET_REFUSED: ErrorText(
        "The storage refuses for a reason that the connector does not know.",
        "The storage's code stands in brackets; its documentation says what it means.",
    ),
    Code.BUCKET_FAILED: ErrorText(
        "The storage had a fault, also when asked again.",
        "Nothing at first: the platform tries again. Rejected rows may be written twice.",
    ),
    Code.BUCKET_UNREACHABLE: ErrorText(
        "The bucket can't be reached.",
        "Nothing at first. If it lasts, check the endpoint and the network.",
    ),
    Code.BUCKET_SETTINGS_UNUSABLE: ErrorText(
        "No request can be made of the bucket's settings.",
        "Correct the bucket's name, its region or the endpoint.",
    ),
    Code.LINE_NOT_A_MESSAGE: ErrorText(
        "A line of the input is not an Airbyte message, or is nested so deep that it can't be read.",
        "The source or a mapper writes something else to its output; a column that is nested so deep has to be left "
        "out of the connection. The message names the line's number, never its content.",
    ),
    Code.STREAM_NOT_IN_CATALOG: ErrorText(
        "A record is of a stream that the catalog does not name.",
        "Refresh the connection's schema.",
    ),
    Code.SOURCE_OUTDATED: ErrorText(
        "The source sends a record or a state of a form that no current platform uses.",
        "Update the source connector to one that sends STREAM or GLOBAL states.",
    ),
    Code.CATALOG_UNUSABLE: ErrorText(
        "The catalog can't be read, is not a ConfiguredAirbyteCatalog, or names a stream twice.",
        "In Airbyte, report it. By hand, correct the file that `--catalog` names.",
    ),
    Code.INPUT_CLOSED: ErrorText(
        "Standard input is closed, so no records can come.",
        "Start `write` with a pipe or a file.",
    ),
    Code.LINE_TOO_LONG: ErrorText(
        "A line of the input is longer than any that a platform sends. The message names its number.",
        "Leave columns with large texts or files out of the connection.",
    ),
    Code.STATE_NOT_TEXT: ErrorText(
        "A state is not UTF-8, or has half of a surrogate pair where names are, so it could come back altered.",
        "Correct the cursor's value where the data comes from, or report it to the source connector.",
    ),
    Code.CRASHED: ErrorText(
        "The connector failed with a fault of its own.",
        "Run the sync again; if it fails again, report the stack trace. It holds no data.",
    ),
    Code.STORE_MISUSED: ErrorText(
        "The connector used its membership store out of order. Nothing wrong was stored.",
        "Report it.",
    ),
    Code.USAGE_WRONG: ErrorText(
        "An option is missing, unknown, contradicts another one, or has a value that it can't have.",
        "Correct what was typed; `--help` names the options.",
    ),
    Code.CLI_CONFIG_UNUSABLE: ErrorText(
        "The file that `--config` names holds no JSON object, or can't be written, which a changed refresh "
        "token needs.",
        "Correct the file, or make it writable.",
    ),
    Code.STATE_FILE_UNUSABLE: ErrorText(
        "The state file can't be read or written, is damaged, or belongs to another sync.",
        "Name another file by `--state`, or delete it to read everything from its beginning.",
    ),
    Code.SOURCE_ADDRESS_WRONG: ErrorText(
        "`--from` names no source that the command line knows.",
        "Give a database's URL, or a file; if its name tells no format, name that by `--format`.",
    ),
    Code.SOURCE_NOT_OPENED: ErrorText(
        "The database or file can't be opened or read.",
        "See that it is there, may be read, and is what its name says.",
    ),
    Code.PACKAGE_MISSING: ErrorText(
        "A Python package that the command line needs is not installed.",
        "Run the `pip install` that the message gives.",
    ),
    Code.TABLE_OR_COLUMN_UNKNOWN: ErrorText(
        "There is no such table or column, or two columns have one name.",
        "Correct the name. A file needs a first line of column names; columns of a query are renamed by `AS`.",
    ),
    Code.QUERY_REFUSED: ErrorText(
        "The database refuses the query.",
        "Correct the query.",
    ),
    Code.CURSOR_UNUSABLE: ErrorText(
        "The cursor's column identifies people, or its values can't be a cursor.",
        "Take a column that grows with each change, such as `updated_at`.",
    ),
    Code.SOURCE_STOPPED: ErrorText(
        "The source stopped in the middle. What was sent before stays sent.",
        "Run the same query in a client of the database to read its message, which may quote people's data.",
    ),
    Code.CONNECTOR_NOT_FOUND: ErrorText(
        "There is no program of the name that `--destination` gives.",
        "Give a connector's executable.",
    ),
    Code.CONNECTOR_NOT_STARTED: ErrorText(
        "The connector's process can't be started.",
        "The message has the operating system's reason.",
    ),
    Code.CONNECTOR_SILENT: ErrorText(
        "The connector ended, or failed, without saying why.",
        "Run the command again; if it ends so again, report it. Memory may have been short.",
    ),
    Code.ROWS_UNCONFIRMED: ErrorText(
        "The connector ended well without confirming the last rows.",
        "Run the sync again.",
    ),
    Code.ANSWER_NOT_TAKEN: ErrorText(
        "The command line failed on a message of the connector.",
        "Report it.",
    ),
    Code.CREDENTIALS_NOT_KEPT: ErrorText(
        "Pinterest has replaced the refresh token, and it could not be written into the config file.",
        "See that the file can be written, and sign in again: the token in it may be dead now.",
    ),
    Code.STATE_NOT_KEPT: ErrorText(
        "The state file could not be written in the middle of a sync.",
        "See that it can be written. The next sync reads those rows again.",
    ),
    Code.STOPPED_BY_USER: ErrorText(
        "The command was stopped by Ctrl-C or a signal.",
        "Run it again when you like. What was sent stays sent.",
    ),
    Code.CLI_CRASHED: ErrorText(
        "The command line failed with a fault of its own.",
        "Report it; the message names the place in the program and holds no data.",
    ),
    Code.CONNECTOR_GAVE_NO_CODE: ErrorText(
        "A connector that is not ours (`--destination`) failed and gave no code.",
        "Read its message.",
    ),
    Code.ENVIRONMENT_VARIABLE_UNSET: ErrorText(
        "The config file or `--from` names a variable as `${NAME}`, and the environment has none of that name.",
        "Set the variable. `$${NAME}` stands for the text `${NAME}` itself.",
    ),
    Code.FILE_IS_NO_TABLE: ErrorText(
        "A text file has a line that is too long to be one of a table.",
        "See that it is a text file, and not compressed or of another kind.",
    ),
    Code.FILE_HEADER_CHANGES: ErrorText(
        "A text file has another line of column names further down, with columns that identify people and that the "
        "first one lacks. What was sent before stays sent.",
        "Split the file at the line that the message names, and sync both parts.",
    ),
    Code.ROWS_UNREADABLE: ErrorText(
        "Too many lines of a file can't be read as rows: more than half of them, or 5 % with `--replace`, in which "
        "case nobody has left the audience. What was sent before stays sent.",
        "See the lines that the message names. If the delimiter or the quotation mark was guessed wrongly, say "
        "`--delimiter` or `--quote`.",
    ),
    Code.SOURCE_UNREACHABLE: ErrorText(
        "The database, the bucket's storage or the web server that `--from` names doesn't answer, answers with an "
        "error of its own, or is locked by another program.",
        "See that the address is right and the network is up, and run the command again later.",
    ),
    Code.SOURCE_CUT_OFF: ErrorText(
        "A file ends in its middle or is damaged, perhaps because it is still being written. What was sent before "
        "stays sent.",
        "Write or download the file again, and run the command again.",
    ),
    Code.SOURCE_TOO_LARGE: ErrorText(
        "A file would have to be held in memory, since its format is read from its end or twice, and is too large for "
        "that.",
        "Decompress it, save standard input to a file, or use a format that is read in one go, such as CSV.",
    ),
    Code.FORMATS_MIXED: ErrorText(
        "The folder, pattern or archive that `--from` names has files of several formats.",
        "Choose one by `--format`, or by a pattern such as `exports/*.csv`.",
    ),
    Code.REJECTED_NOT_KEPT: ErrorText(
        "The file that `--rejected` names can't be written.",
        "Name a file that can be written. If that happened in the middle, the next sync reads those rows again.",
    ),
    Code.STORE_NOT_WHOLE: ErrorText(
        "`pinterest-audiences store verify` found that not every audience of the membership store is whole.",
        "See [The store can't be used](#the-store-cant-be-used).",
    ),
    Code.DROP_NOT_CONFIRMED: ErrorText(
        "`pinterest-audiences store drop` was not confirmed. Nothing was dropped.",
        "Answer yes, or add `--yes` where nobody can be asked.",
    ),
    Code.STORE_KEY_UNUSABLE: ErrorText(
        "A store key for `pinterest-audiences store rekey` is missing, too short, or the same as the other.",
        "Give the new key by `PINTEREST_NEW_STORE_KEY`, by `--new-key-file`, or when you are asked for it.",
    ),
    Code.CREATED_NAME_UNUSABLE: ErrorText(
        "A name for `pinterest-audiences create` is blank or longer than an audience's name may be.",
        "Give the audience another name, of up to 200 characters.",
    ),
    Code.PROFILE_UNKNOWN: ErrorText(
        "`--profile` or `PINTEREST_PROFILE` names a profile that there is not.",
        "Sign in by `pinterest-audiences login --profile NAME`, or name one that `pinterest-audiences profiles` shows.",
    ),
    Code.PROFILE_NOT_CHOSEN: ErrorText(
        "There are several profiles, none is called `default`, and none was named.",
        "Name one by `--profile` or `PINTEREST_PROFILE`.",
    ),
    Code.PROFILE_FOLDER_UNUSABLE: ErrorText(
        "The folder of the profiles can't be read, or a profile can't be written into it.",
        "Correct its permissions, or name another folder by `PINTEREST_AUDIENCES_HOME`.",
    ),
    Code.LOGIN_PORT_UNUSABLE: ErrorText(
        "`pinterest-audiences login` can't listen on the port of the redirect URI.",
        "End what uses the port, name another one by `--port` that is registered in the app, or add `--no-browser`.",
    ),
    Code.LOGIN_DENIED: ErrorText(
        "Access was not allowed on Pinterest's page.",
        "Sign in again, and allow what is asked for.",
    ),
    Code.LOGIN_NOT_ANSWERED: ErrorText(
        "Nobody signed in before `pinterest-audiences login` stopped waiting.",
        "See that the redirect URI is registered in the app, character by character, and sign in again.",
    ),
    Code.APP_KEYS_MISSING: ErrorText(
        "`pinterest-audiences login` has no app ID or no app secret, and nobody can be asked.",
        "Give them by `--client-id` and `--client-secret-file`, or by `PINTEREST_CLIENT_ID` and "
        "`PINTEREST_CLIENT_SECRET`.",
    ),
    Code.ACCOUNT_NOT_CHOSEN: ErrorText(
        "The sign-in is kept in the profile, but no ad account was chosen.",
        "Run `pinterest-audiences accounts --use ID`.",
    ),
    Code.ACCOUNT_NOT_AMONG_THEM: ErrorText(
        "The sign-in does not reach the ad account that `--account` or `--use` names, or several have the name.",
        "Give an ID that `pinterest-audiences accounts` shows.",
    ),
    Code.KEYRING_UNUSABLE: ErrorText(
        "The machine's keyring can't be used, or does not hold the secret of the profile's app.",
        "Unlock the keyring, or sign in again, without `--keyring` where there is none.",
    ),
    Code.STORE_TARGET_UNUSABLE: ErrorText(
        "`pinterest-audiences store copy` can't read where to copy to from what `--to` names.",
        "Name a folder that exists, or a config file with the other `membership_store`, under the same store key.",
    ),
    Code.PROBE_STEP_UNKNOWN: ErrorText(
        "`pinterest-audiences probe --only` names a step that there is not.",
        "Choose one of those that `--list` shows.",
    ),
    Code.PROBE_NOT_CONFIRMED: ErrorText(
        "`pinterest-audiences probe` was started where nobody can be asked before each step. Nothing was done.",
        "Run it in a terminal, or add `--yes` to permit all steps.",
    ),
    Code.FORGET_NOT_CONFIRMED: ErrorText(
        "`pinterest-audiences forget` would touch exclusion audiences, or customer lists that the connector did not "
        "make, and was not told what to do about them. Nothing was changed.",
        "Answer when it asks. Where nobody can be asked, add `--yes`, `--include`, `--only-ours` or `--except`.",
    ),
    Code.FORGET_EXCEPTION_UNKNOWN: ErrorText(
        "`--except` names an audience or customer list that the ad account does not have. Nothing was changed.",
        "Give a name or an ID as `pinterest-audiences lists` shows it.",
    ),
    Code.PROJECT_NOT_FOUND: ErrorText(
        "There is no project file here, or it can't be read.",
        "Change into the folder of `audiences.yml`, name the file by `--file`, or write one by "
        "`pinterest-audiences init`.",
    ),
    Code.PROJECT_INVALID: ErrorText(
        "The project file says something that it can't say, or leaves out what is needed.",
        "Correct what is named on the line that is named; see [Projects](project.md).",
    ),
    Code.SELECTION_EMPTY: ErrorText(
        "`--select` names an audience or a tag that the project file does not have.",
        "Select by the names and tags of the project file; `pinterest-audiences validate` lists them.",
    ),
    Code.DBT_MODEL_UNUSABLE: ErrorText(
        "A dbt model that the project file names is not in the manifest, is there more than once, or is no relation.",
        "Run `dbt compile`, and name a model that is a table, a view or a snapshot, if need be as `package.name`.",
    ),
    Code.PROJECT_BUSY: ErrorText(
        "Another command runs audiences of the same project. Nothing was done.",
        "Run it again once the other one has ended.",
    ),
    Code.RETRY_IMPOSSIBLE: ErrorText(
        "`pinterest-audiences retry` can't tell which rows to read again.",
        "Give the audience `primary_key` and `rejected`, and run it once.",
    ),
    Code.INIT_IMPOSSIBLE: ErrorText(
        "`pinterest-audiences init` would write over a file, or found no table with a column that identifies people.",
        "Name another file by `--file` or another source by `--from`, or write the file by hand.",
    ),
    Code.HISTORY_NOT_OURS: ErrorText(
        "The file in which the history of runs is to be kept is a database of something else. It was not changed.",
        "Name another file by `PINTEREST_AUDIENCES_HISTORY`.",
    ),
    Code.HISTORY_LATER: ErrorText(
        "The history of runs was written by a later version of this program.",
        "Update this one, or name another file by `PINTEREST_AUDIENCES_HISTORY`.",
    ),
    Code.HISTORY_UNUSABLE: ErrorText(
        "The history of runs can't be read or written: its folder may not be used, or the disk is full. A sync goes "
        "on without it.",
        "Make room, make the file writable, or name another by `PINTEREST_AUDIENCES_HISTORY`, which may also be `off`.",
    ),
    Code.HISTORY_BROKEN: ErrorText(
        "The file with the history of runs is damaged. A sync goes on without it.",
        "Move the file away: the next run begins a new one.",
    ),
    Code.HISTORY_BUSY: ErrorText(
        "Other processes have kept the history of runs locked for too long. A sync goes on without it.",
        "Run the command again. If it happens often, see which program keeps the file open.",
    ),
    Code.ALERTS_UNUSABLE: ErrorText(
        "What says whom to alert, and when, can't be read: the file, a setting in it, or an address that Apprise can't "
        "use. Addresses are not shown, since they hold secrets.",
        "Correct what the message names, and try it by `pinterest-audiences alerts test`. See [alerts](alerts.md).",
    ),
    Code.ALERT_NOT_SENT: ErrorText(
        "`pinterest-audiences alerts test` could not send its alert to every address.",
        "Correct the addresses that the message counts. An alert that can't be sent never changes how a run ends.",
    ),
    Code.RUNS_STALE: ErrorText(
        "No run has succeeded for longer than it was to be allowed.",
        "See whether the schedule still starts it, and what `pinterest-audiences history --runs` says.",
    ),
    Code.HISTORY_EMPTY: ErrorText(
        "The history has nothing of what was asked for, or `PINTEREST_AUDIENCES_HISTORY` says that none is kept.",
        "Look at `pinterest-audiences history` without a name, or let a run or `observe` write one.",
    ),
    Code.PAGE_PORT_TAKEN: ErrorText(
        "The port on which `pinterest-audiences ui` was to show its page is taken, or may not be used.",
        "Name another port by `--port`, or end the program that uses it; `--port 0` takes any free one.",
    ),
    Code.MOVE_UNREADABLE: ErrorText(
        "A file that is to be moved over or compared can't be read, or holds no audiences.",
        "Export it again, as JSON. [Migrations](pinterest-migrations.md#from-a-v4-dataflow) names the forms that are "
        "read.",
    ),
    Code.MOVE_WITHOUT_ACCOUNT: ErrorText(
        "The export does not say to which ad account its audiences belong.",
        "Name the account by `--ad-account`, or add the file with the target connection by another `--from`.",
    ),
    Code.MOVE_WOULD_OVERWRITE: ErrorText(
        "What `migrate` is to write is there already, or its folder can't be written to.",
        "Name another folder by `--out`, or add `--force` to replace the files.",
    ),
    Code.COMPARED_LACKS: ErrorText(
        "`compare` has found something that the old flow had and the new one lacks.",
        "Add what is named, and compare again, before you disable the old flow. If a difference is meant, go on.",
    ),
    Code.NOTHING_ENABLED: ErrorText(
        "All audiences that a command of a project was to be about have `enabled: false`, so it did nothing.",
        "Enable one, or name one by `--select`. If all are to pause, stop the schedule.",
    ),
    Code.PROFILE_LATER: ErrorText(
        "What lies beside a profile (`NAME.about.json`) was written by a later version, and would be lost.",
        "Update this version, or use another profile by `--profile`.",
    ),
    Code.COMPARED_PARTLY: ErrorText(
        "`compare` has found nothing lacking, but the old flow's file has dataflows or audiences that could not be "
        "compared.",
        "Export the dataflow for Pinterest alone, together with its target connection, and compare again.",
    ),
    Code.RUN_NOT_ENDED: ErrorText(
        "A run of a project was killed, or its machine went down, so that it left no record. The next run says so.",
        "Nothing is lost: the next run goes on. If that comes again, see what kills it: the system's log names a lack "
        "of memory, a scheduler its time limit.",
    ),
    Code.TEMPORARY_FOLDER_UNUSABLE: ErrorText(
        "The command needs a temporary file, and there is no folder or no room for one.",
        "Make room, or name a folder that can be written by `TMPDIR`.",
    ),
    Code.STATIC_NAME_IDENTIFIES: ErrorText(
        "The name that the project file or `create` gives an audience looks like an identifier of a person. Names are "
        "shown at Pinterest, in logs and in reports.",
        "Give it a name that tells nobody. One that is already called so can be kept by its id (`audience_id`).",
    ),
    Code.DIFFERENCE_NOT_POSSIBLE: ErrorText(
        "`--difference warehouse` does not go with another argument, or with a setting.",
        "Take out what is named, or leave the difference to the connector. [In the "
        "warehouse](scale.md#in-the-warehouse) says what it needs.",
    ),
    Code.DIFFERENCE_NO_WAREHOUSE: ErrorText(
        "`--from` is no database that can compute the difference.",
        "Use one of the databases that [In the warehouse](scale.md#in-the-warehouse) names, or leave out "
        "`--difference warehouse`.",
    ),
    Code.DIFFERENCE_SCHEMA_UNUSABLE: ErrorText(
        "The schema for what was last sent is not there, or no table can be created in it.",
        "Create the schema, grant the right to create and change tables in it, or name another by "
        "`--difference-schema`.",
    ),
    Code.DIFFERENCE_OF_LATER_VERSION: ErrorText(
        "A later version of this program has written what was last sent.",
        "Update this program, or name another schema by `--difference-schema`, which begins anew.",
    ),
    Code.DIFFERENCE_BUSY: ErrorText(
        "Another run is sending the difference of the same audience.",
        "Wait for its end, and run this one again.",
    ),
    Code.DIFFERENCE_TAKEN_OVER: ErrorText(
        "Another run has taken the audience over, since this one had stood still for too long.",
        "Run it again once the other one has ended. Nothing is lost: what was not noted as accepted is sent again.",
    ),
    Code.DIFFERENCE_TABLE_CHANGES: ErrorText(
        "The table changes so quickly that it can't be read as it is at one moment, in a database without snapshots.",
        "Run it again when less is written to the table, or read a copy of it.",
    ),
    Code.DIFFERENCE_STATEMENT_FAILED: ErrorText(
        "The database stopped while it computed or kept the difference.",
        "Look into the database's own log, and run the sync again: it goes on with what was accepted.",
    ),
    Code.DIFFERENCE_JUDGED_OTHERWISE: ErrorText(
        "The database judges made-up values otherwise than this program does, so it can't be trusted with real ones.",
        "Leave out `--difference warehouse`, and report this with the database's version and settings.",
    ),
    Code.SPARK_NOT_CARRIED: ErrorText(
        "The settings or the columns of a DataFrame ask for something that a sync from Spark does not carry.",
        "Do what the message says. [Scale](scale.md#what-spark-carries-and-what-not) names what is carried.",
    ),
    Code.SPARK_PACKAGE_MISSING: ErrorText(
        "Spark's executors can't import this project's packages, which map rows there.",
        "Install the package on every node, in the driver's version. [Scale](scale.md#on-a-cluster) says how.",
    ),
    Code.SPARK_FAILED: ErrorText(
        "Spark failed while it prepared a DataFrame's rows. Its message is not shown, since it may quote one.",
        "Read Spark's own log, and sync again. What was sent stays sent, and a replacement has changed nothing.",
    ),
    Code.SPARK_SENT_BUSY: ErrorText(
        "Another driver of Spark mirrors by the same table of what was last sent.",
        "Let it end, and sync again. One that was killed on another machine, or in another container, counts as ended "
        "after three minutes.",
    ),
    Code.SPARK_SENT_FOREIGN: ErrorText(
        "The table that is to hold what was last sent is of another audience or ad account, of a later version, or no "
        "such table at all.",
        "Name a table of its own for each audience by `sent`, or a new one, by which the mirror begins anew.",
    ),
    Code.CLI_CONFIG_NOT_JSON: ErrorText(
        "A config that a program passes in place of a file has a key or a value that a JSON file could not hold.",
        "Pass a dict with a config file's keys, of texts, numbers, true or false, lists and dicts.",
    ),
    Code.DIFFERENCE_TRIAL_TOO_LARGE: ErrorText(
        "A dry run of the difference has more values that only Python can judge than fit into a query, in a database "
        "without temporary tables.",
        "Try a part of the table by `--query`, or run the sync: it checks the same safeguards before it sends.",
    ),
    Code.DIFFERENCE_RIGHT_MISSING: ErrorText(
        "The database refuses something that the difference needs, since its user lacks the right to do it.",
        "Grant what the message names. [Scale](scale.md#in-the-warehouse) says which tables are read and written.",
    ),
    Code.SPARK_REFUSED: ErrorText(
        "Spark can't do what it is asked for: a column that two names fit, a table, a folder or a format that it can't "
        "use.",
        "The message names Spark's own condition, and Spark's log says more. Correct what was named.",
    ),
    Code.EMPTY_TABLE_KEPT: ErrorText(
        "The table of an audience with `mode: replace` has no usable rows, so the audience keeps its members.",
        "See why the table is empty. If the audience is to be empty, set `allow_empty_audience` to true for it.",
    ),
}
