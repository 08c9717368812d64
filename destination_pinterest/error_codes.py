"""The codes of the errors that a user can meet: one for each situation in which something else is to be done.

A code is printed in front of an error's sentence, and programs tell errors apart by it, so it is never renamed and
never used again for something else; one that is retired leaves a gap. docs/operations.md has a table of them, which
tools/write_error_table.py writes from here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final, Literal, Self

FailureKind = Literal["config_error", "transient_error", "system_error"]

# What stands in front of a sentence; also the rule for new codes.
LEADING_CODE: Final = re.compile(r"PIN-[A-Z]{3,6}-\d{3}(?=: )")

# In the order of the page.
AREAS: Final = {
    "AUTH": "Signing in, and rights",
    "CONF": "Settings",
    "IDENT": "Identity columns",
    "SYNC": "Sync modes, and syncs as a whole",
    "AUD": "Audiences and customer lists",
    "GUARD": "Guards against removing too much",
    "API": "Pinterest's answers",
    "QUOTA": "Quota",
    "NET": "Network",
    "STORE": "Membership store",
    "BUCKET": "Buckets",
    "PROTO": "Messages of the platform",
    "FAULT": "Faults of the connector",
    "CLI": "Command line",
}

_CONFIG: Final = "config_error"
_TRANSIENT: Final = "transient_error"
_SYSTEM: Final = "system_error"
_WAIT: Final = True
_ACT: Final = False


@dataclass(frozen=True, slots=True)
class _Case:
    printed: str
    failure_kind: FailureKind
    waiting_helps: bool
    summary: str
    remedy: str


@unique
class Code(StrEnum):
    """A code, and what the page says of it.

    Its value is what is printed ("PIN-AUTH-001"). `failure_kind` is that of every error that carries it;
    `waiting_helps`: the same may succeed later though nobody changes anything; `summary` says what happened, `remedy`
    what to do, in Markdown.
    """

    _value_: str
    failure_kind: FailureKind
    waiting_helps: bool
    summary: str
    remedy: str

    def __new__(cls, case: _Case) -> Self:  # noqa: D102 - makes the members below
        code = str.__new__(cls, case.printed)
        code._value_ = case.printed
        code.failure_kind = case.failure_kind
        code.waiting_helps = case.waiting_helps
        code.summary = case.summary
        code.remedy = case.remedy
        return code

    @property
    def area(self) -> str:
        """One of AREAS."""
        return self.value.split("-")[1]

    @property
    def anchor(self) -> str:
        """Where the page speaks of it."""
        return self.value.lower()

    ACCESS_TOKEN_REFUSED = _Case(
        "PIN-AUTH-001",
        _CONFIG,
        _ACT,
        "Pinterest refuses the access token.",
        "Access tokens end after 30 days, and with a change of the user's name or password. Make a new one, or change "
        "to OAuth.",
    )
    SIGN_IN_NOT_RENEWED = _Case(
        "PIN-AUTH-002",
        _CONFIG,
        _ACT,
        "Pinterest does not renew the sign-in.",
        "Sign in again in the destination's settings. It happens after 60 days without a sync or check; when the same "
        "refresh token is used in two places, since each renewal ends the one before; when the app's secret was "
        "changed; and when the network failed in the one moment in which a new token was on its way. While the access "
        "token still works, it is only a warning. On the command line, a config file that another run has renewed is "
        "read again.",
    )
    TOKEN_MALFORMED = _Case(
        "PIN-AUTH-003",
        _CONFIG,
        _ACT,
        "An access token or refresh token in the settings is empty, or holds what no token does.",
        "Copy the token again, without blanks or line breaks.",
    )
    SCOPE_MISSING = _Case(
        "PIN-AUTH-004",
        _CONFIG,
        _ACT,
        "The token was granted too little.",
        "Sign in again and agree to all scopes, or generate a token with them.",
    )
    RENEWAL_DUE_IN_DISCOVERY = _Case(
        "PIN-AUTH-005",
        _CONFIG,
        _ACT,
        "The access token was at its end while Airbyte looked up the destination's objects, and Airbyte would not keep "
        "a new one from there.",
        "Test the destination once, then refresh the list of objects.",
    )
    SIGN_IN_RENEWED_ELSEWHERE = _Case(
        "PIN-AUTH-008",
        _TRANSIENT,
        _WAIT,
        "Pinterest does not renew the sign-in; another sync or check with the same one may have done so meanwhile.",
        "Nothing: Airbyte starts the next attempt with the settings as they are then. Only a job's first attempt ends "
        "so; if the second fails too, it is with PIN-AUTH-002.",
    )
    CODE_REFUSED = _Case(
        "PIN-AUTH-009",
        _CONFIG,
        _ACT,
        "Pinterest does not accept the code with which `pinterest-audiences login` signs in.",
        "A code is good once, and for about ten minutes. See that the app's ID, secret and redirect URI are those "
        "under My apps, and sign in again.",
    )
    ROLE_MISSING = _Case(
        "PIN-AUTH-006",
        _CONFIG,
        _ACT,
        "The person who signed in, or the app, may not change audiences of the ad account.",
        "Have the owner of the ad account give that person the role Admin or Audience; see that the app has access to "
        "the account.",
    )
    AD_ACCOUNT_DISAPPROVED = _Case(
        "PIN-AUTH-007",
        _CONFIG,
        _WAIT,
        "Pinterest has disapproved the ad account, or is still reviewing it.",
        "Look at the account's status in Pinterest Ads Manager. A review ends by itself.",
    )

    SETTINGS_INVALID = _Case(
        "PIN-CONF-001",
        _CONFIG,
        _ACT,
        "Settings are missing or can't be used.",
        "The message names each setting and what it must be.",
    )
    CONFIG_FILE_UNUSABLE = _Case(
        "PIN-CONF-002",
        _CONFIG,
        _ACT,
        "The connector can't read its config file, or it holds no JSON object.",
        "Correct the path after `--config`, the file's permissions or its content.",
    )
    COMMAND_WRONG = _Case(
        "PIN-CONF-003",
        _CONFIG,
        _ACT,
        "The connector was started without a command, or with options that it does not have.",
        "Type one of `spec`, `check`, `discover` and `write`; `--help` names the options.",
    )
    AUDIENCE_NAME_EMPTY = _Case(
        "PIN-CONF-004",
        _CONFIG,
        _ACT,
        "The audience name of the settings is blank for a stream.",
        "Put `{stream}` into the audience name.",
    )
    OPERATION_COLUMN_UNKNOWN = _Case(
        "PIN-CONF-005",
        _CONFIG,
        _ACT,
        "No stream has the operation column that the settings name, so every row would add, also those that should "
        "remove.",
        "Correct the column's name (upper and lower case count), or take the setting out.",
    )
    OPERATION_VALUES_INVALID = _Case(
        "PIN-CONF-006",
        _CONFIG,
        _ACT,
        "An operation value is blank, or is given both as one that adds and as one that removes.",
        "Keep each value in one of the two lists. A row without an operation always adds.",
    )
    DESTINATION_OBJECT_UNKNOWN = _Case(
        "PIN-CONF-007",
        _CONFIG,
        _ACT,
        "A stream's destination object is none that this connector offers, or belongs to another ad account.",
        "Refresh the list of objects in the connection's settings and choose one of them.",
    )
    ID_MALFORMED = _Case(
        "PIN-CONF-008",
        _CONFIG,
        _ACT,
        "An id of an ad account, audience or customer list is not up to 18 digits.",
        "Copy the ad account's ID again, or choose the destination object again.",
    )
    COLUMN_MISSING = _Case(
        "PIN-CONF-021",
        _CONFIG,
        _ACT,
        "A stream lacks a column that Identity columns or Operation column names, and so does every other of the sync.",
        "Correct the column's name (upper and lower case count). If streams of other connections have it, switch on "
        "Allow missing columns (`allow_missing_columns`).",
    )
    RECORD_FORMAT_CONTRADICTS_COLUMNS = _Case(
        "PIN-CONF-045",
        _CONFIG,
        _ACT,
        "All identity columns of a stream are of kinds that only requests in the form `records_v2` can carry, and "
        "`record_format` is `records`.",
        "Set `record_format` to `auto`, or name another identity column.",
    )
    COUNTRY_UNKNOWN = _Case(
        "PIN-CONF-046",
        _CONFIG,
        _ACT,
        "`default_country` is the code of no country that has phone numbers.",
        "Enter the country's two letters as in ISO 3166-1: `GB`, not `UK`.",
    )
    AUDIENCE_COLUMN_NOT_IN_NAME = _Case(
        "PIN-CONF-035",
        _CONFIG,
        _ACT,
        "The settings name an audience column and an audience name that does not hold it, so that one of the two would "
        "not be used.",
        "Put the column, in braces, into Audience name, or leave the audience name out.",
    )
    AUDIENCE_COLUMN_MISSING = _Case(
        "PIN-CONF-036",
        _CONFIG,
        _ACT,
        "A stream lacks a column that names its audiences.",
        "Correct the name in Audience column or Audience name (upper and lower case count), or take the stream out of "
        "the connection.",
    )
    AUDIENCE_COLUMN_IDENTIFIES = _Case(
        "PIN-CONF-037",
        _CONFIG,
        _ACT,
        "A column that identifies people was to name audiences. Names of audiences are shown in many places.",
        "Choose a column that names groups, such as a segment or a country.",
    )
    AUDIENCE_COLUMN_NEEDS_STORE = _Case(
        "PIN-CONF-038",
        _CONFIG,
        _ACT,
        "A stream is set to Overwrite and a column names its audiences, but there is no membership store. Without one, "
        "every sync would leave a customer list for each audience, and a row that changed its audience would stay in "
        "the old one.",
        "Set up a membership store, or choose a sync mode that ends in Append.",
    )
    TOO_MANY_AUDIENCES = _Case(
        "PIN-CONF-039",
        _CONFIG,
        _ACT,
        "The rows name more audiences than the settings permit. None beyond those was created.",
        "Check that the column names groups of people. If it does, raise Most audiences (max_audiences).",
    )
    AD_ACCOUNT_COLUMN_MISSING = _Case(
        "PIN-CONF-030",
        _CONFIG,
        _ACT,
        "A stream lacks the column that names the ad account of each row.",
        "Correct Ad account column, or take the stream out of the connection.",
    )

    CONSENT_COLUMN_MISSING = _Case(
        "PIN-CONF-050",
        _CONFIG,
        _ACT,
        "A stream lacks the column that Consent column names, so its rows would be added without anybody's consent.",
        "Correct the column's name (upper and lower case count), bring the column into the stream, or lead the stream "
        "to Pinterest by a destination of its own.",
    )
    CONSENT_VALUES_INVALID = _Case(
        "PIN-CONF-051",
        _CONFIG,
        _ACT,
        "One of the values that permit, under Consent column, is blank.",
        "Remove it: a row whose consent is null or blank never consents.",
    )
    SUPPRESSION_STORE_NOT_SET = _Case(
        "PIN-CONF-055",
        _CONFIG,
        _ACT,
        "People are to be forgotten everywhere, and the settings name no suppression store, which keeps later syncs "
        "from bringing them back.",
        "Set `suppression_store`: a folder or a bucket, and a store key of its own.",
    )
    AUDIENCE_NAMED_LIKE_LABEL = _Case(
        "PIN-CONF-056",
        _CONFIG,
        _ACT,
        "An audience name is that of a list in which the connector replaces an audience. The people in such a list may "
        "have left long ago.",
        "Choose another audience name; the audience itself is named like that without the brackets.",
    )
    REMOVAL_PLACE_UNUSED = _Case(
        "PIN-CONF-057",
        _CONFIG,
        _ACT,
        "`remove_from` is `everywhere`, and the settings or a stream say that people are added.",
        "Set What the table does (`mode`) to `remove`, or `remove_from` to `audience`.",
    )

    EXPIRY_WITHOUT_STORE = _Case(
        "PIN-CONF-060",
        _CONFIG,
        _ACT,
        "The settings say when members expire, and nothing remembers when their rows last came.",
        "Set up a membership store, which works with the mode `mirror`, or take `expire_after_days` out.",
    )
    EXPIRY_OF_EXCLUDED = _Case(
        "PIN-CONF-061",
        _CONFIG,
        _ACT,
        "Members of an exclusion audience are to expire, and would see ads again.",
        "Take `expire_after_days` out, or set `used_for` to `targeting`.",
    )

    NO_IDENTITY_COLUMN_RECOGNISED = _Case(
        "PIN-IDENT-001",
        _CONFIG,
        _ACT,
        "No column is recognised as an identity column.",
        "Name it under Identity columns (on the command line by `--identity`, in a project file by `identities`), or "
        "take the stream out of the connection.",
    )
    IDENTITY_COLUMNS_NOT_IN_STREAM = _Case(
        "PIN-IDENT-002",
        _CONFIG,
        _ACT,
        "The stream has none of the identity columns of the settings.",
        "Correct the names (upper and lower case count), or take the stream out of the connection.",
    )
    IDENTITY_COLUMN_MISDECLARED = _Case(
        "PIN-IDENT-003",
        _CONFIG,
        _ACT,
        "Identity columns has no entry, one without a column's name, or two for one column.",
        "Name each column once. A column holds one kind of identifier; `maid` stands for the advertising IDs of "
        "Android and iOS together.",
    )
    IDENTITY_FORMAT_UNKNOWN = _Case(
        "PIN-IDENT-004",
        _CONFIG,
        _ACT,
        "An identity column is declared in a format in which its kind of identifier does not come.",
        "Choose a format that it comes in; [Identities](identities.md) has the table.",
    )
    COLUMN_NAME_UNREADABLE = _Case(
        "PIN-IDENT-005",
        _CONFIG,
        _ACT,
        "The name of a column that is needed has a quotation mark, a backslash or a control character in it.",
        "Rename the column where the data comes from, or name other columns in the settings.",
    )

    SYNC_MODE_UNKNOWN = _Case(
        "PIN-SYNC-001",
        _CONFIG,
        _ACT,
        "A stream is set to a sync mode that the connector does not offer.",
        "Choose a mode that ends in Append, Append + Deduped or Overwrite.",
    )
    SOFT_DELETE_CONTRADICTS_MODE = _Case(
        "PIN-SYNC-002",
        _CONFIG,
        _ACT,
        "The settings say that nobody leaves (`mode` is `additive`), and a stream removes (`soft_delete`).",
        "Change the one or the other.",
    )
    SYNC_STOPPED = _Case(
        "PIN-SYNC-003",
        _TRANSIENT,
        _ACT,
        "The sync was cancelled while a request waited.",
        "Nothing. The next sync goes on where this one ended.",
    )
    AUDIENCES_FAILED = _Case(
        "PIN-SYNC-004",
        _CONFIG,
        _ACT,
        "Several audiences failed for different reasons, and waiting helps none of them. The others are synced.",
        "Do for each audience what the message says behind its code. The rows of the failed audiences are read again.",
    )
    AUDIENCES_FAILED_FOR_NOW = _Case(
        "PIN-SYNC-005",
        _TRANSIENT,
        _WAIT,
        "Several audiences failed for different reasons, and some of these may pass. The others are synced.",
        "Nothing at first in Airbyte, which tries again; elsewhere, run it again. Do what the message says for those "
        "that stay.",
    )

    AUDIENCE_OF_OTHER_TYPE = _Case(
        "PIN-AUD-001",
        _CONFIG,
        _ACT,
        "An audience of the name is there and is of a type that can't take members from a table.",
        "Choose another audience name, or rename that audience in Pinterest Ads Manager.",
    )
    CHOSEN_AUDIENCE_OF_OTHER_TYPE = _Case(
        "PIN-AUD-002",
        _CONFIG,
        _ACT,
        "The audience that a stream was pointed at is of a type that can't take members from a table.",
        "Choose another destination object in the connection's settings.",
    )
    CHOSEN_AUDIENCE_GONE = _Case(
        "PIN-AUD-003",
        _CONFIG,
        _ACT,
        "The audience that a stream was pointed at is gone.",
        "Refresh the list of objects in the connection's settings and choose another one.",
    )
    CUSTOMER_LIST_GONE = _Case(
        "PIN-AUD-004",
        _CONFIG,
        _ACT,
        "The customer list that an audience is made of is gone.",
        "Remove or rename the audience in Pinterest Ads Manager, then sync again: a new one is created. Where the "
        "stream was pointed at that audience, choose another destination object.",
    )
    CUSTOMER_LIST_UNKNOWN = _Case(
        "PIN-AUD-005",
        _CONFIG,
        _ACT,
        "Pinterest does not say which customer list an audience is made of.",
        "Choose another audience name.",
    )
    CUSTOMER_LIST_SHARED = _Case(
        "PIN-AUD-006",
        _CONFIG,
        _ACT,
        "Two audiences are made of one customer list, so that two streams would contradict each other.",
        "Choose another audience name for one of the streams, or one name (or destination object) for both.",
    )
    AUDIENCE_NOT_READY = _Case(
        "PIN-AUD-007",
        _TRANSIENT,
        _WAIT,
        "A refresh had no audience to replace, and Pinterest does not create one of the new customer list yet.",
        "Let the job end; the ordinary sync after it goes on. Nobody is lost, since the table is read again.",
    )
    SWAP_NOT_READY = _Case(
        "PIN-AUD-008",
        _CONFIG,
        _ACT,
        "Pinterest does not switch the audience to the new customer list yet. Matching takes longer than a sync can "
        "wait.",
        "See [Pinterest refused to switch the audience](#pinterest-refused-to-switch-the-audience).",
    )
    SWAP_REFUSED = _Case(
        "PIN-AUD-009",
        _CONFIG,
        _ACT,
        "Pinterest does not let the audience be made of another customer list.",
        "See [Pinterest refused to switch the audience](#pinterest-refused-to-switch-the-audience).",
    )
    SECOND_AUDIENCE_NOT_READY = _Case(
        "PIN-AUD-010",
        _TRANSIENT,
        _WAIT,
        "Pinterest neither switches the audience nor creates a second one of the new customer list yet.",
        "See [Pinterest refused to switch the audience](#pinterest-refused-to-switch-the-audience).",
    )
    AUDIENCE_TO_REMOVE_FROM_MISSING = _Case(
        "PIN-AUD-011",
        _CONFIG,
        _ACT,
        "A stream only removes people (mode remove, or Soft delete), and there is no audience of that name to remove "
        "them from.",
        "Correct the audience name: the message has the nearest names that exist. `pinterest-audiences audiences` "
        "lists all.",
    )
    LIST_USE_UNKNOWN = _Case(
        "PIN-AUD-012",
        _CONFIG,
        _ACT,
        "A customer list of the audience's name may be in use: Pinterest does not say what another audience is made "
        "of.",
        "Choose another audience name, or remove the audience that the message names in Pinterest Ads Manager.",
    )
    AUDIENCE_GONE = _Case(
        "PIN-AUD-013",
        _CONFIG,
        _ACT,
        "There is a customer list and no audience of it, and `if_audience_is_gone` is `fail`.",
        "See [An audience was deleted in Ads Manager](#an-audience-was-deleted-in-ads-manager).",
    )
    NAME_AMBIGUOUS = _Case(
        "PIN-AUD-014",
        _CONFIG,
        _ACT,
        "Two names differ only in blanks or in how their letters are encoded, and either may be meant.",
        "Set the audience name to the one that is meant, or rename one of the two in Pinterest Ads Manager. Of two "
        "names in the settings, change one.",
    )
    LABEL_NOT_KEPT = _Case(
        "PIN-AUD-015",
        _CONFIG,
        _ACT,
        "Pinterest shortens the name of the list in which a replacement is built, so that a later attempt would not "
        "find it.",
        "Choose a shorter audience name.",
    )
    AD_ACCOUNT_NOT_REACHED = _Case(
        "PIN-AUD-020",
        _CONFIG,
        _ACT,
        "The sign-in does not reach an ad account of the settings.",
        "The message names the accounts that it reaches: correct the ID, or have the account shared with the user who "
        "signed in.",
    )

    CHOSEN_AUDIENCE_IS_NCA = _Case(
        "PIN-AUD-030",
        _CONFIG,
        _ACT,
        "The audience that a stream was pointed at is for new customer acquisition, whose people Pinterest matches in "
        "another way.",
        "Choose another destination object in the connection's settings.",
    )
    AUDIENCE_NOT_BEGUN = _Case(
        "PIN-AUD-031",
        _TRANSIENT,
        _WAIT,
        "`pinterest-audiences create` has created a customer list, and Pinterest does not make an audience of it yet.",
        "Nothing: the first sync fills the list and creates the audience as soon as Pinterest does so. To try again, "
        "type the same command.",
    )

    REMOVAL_ABOVE_LIMIT = _Case(
        "PIN-GUARD-001",
        _CONFIG,
        _ACT,
        "More identifiers would leave the audience than Largest removal permits.",
        "See [The guard refused](#the-guard-refused).",
    )
    REMOVAL_NOT_COUNTABLE = _Case(
        "PIN-GUARD-002",
        _CONFIG,
        _ACT,
        "Pinterest does not tell how many identifiers its customer lists hold, so nobody knows how many would leave.",
        "If the table is right, set Largest removal to 100: without Pinterest's counters nothing less permits "
        "anything. See [The guard refused](#the-guard-refused).",
    )
    TABLE_INCOMPLETE = _Case(
        "PIN-GUARD-003",
        _TRANSIENT,
        _WAIT,
        "The input ended without proof that the whole table came, so nothing was replaced or removed.",
        "Look at the source's log: it failed, or was cancelled. If it comes with every sync, see "
        "[The proof never comes](#the-proof-never-comes).",
    )
    IDENTITY_DRIFT = _Case(
        "PIN-GUARD-007",
        _CONFIG,
        _ACT,
        "A kind of identifier that the last sync had is missing from the rows, or far fewer rows have it, so people "
        "would leave who may still be in the table.",
        "See [The identifiers are not what they were](#the-identifiers-are-not-what-they-were).",
    )

    NO_ROW_USABLE = _Case(
        "PIN-GUARD-004",
        _CONFIG,
        _ACT,
        "No row of a stream that has values could be used: in a pass over a whole table, or in 100 rows or more of an "
        "increment. Nothing was replaced or removed for being absent, and the rows are read again.",
        "The message says what the values of each column look like. See "
        "[Rows that can't be used](#rows-that-cant-be-used).",
    )
    TOO_MANY_ROWS_REJECTED = _Case(
        "PIN-GUARD-005",
        _CONFIG,
        _ACT,
        "More of a stream's rows with values were rejected than Largest share of rejected rows permits. Nothing was "
        "replaced or removed for being absent, and the rows since then are read again.",
        "The message says what the values of each column look like. See "
        "[Rows that can't be used](#rows-that-cant-be-used).",
    )

    NOBODY_CONSENTS = _Case(
        "PIN-GUARD-017",
        _CONFIG,
        _ACT,
        "No row of a table that is to replace an audience has consent to advertising, so the audience would be empty.",
        "If that is right, switch on Allow an empty audience. If not, name the values that permit advertising under "
        "Consent column, or correct the table.",
    )
    EXCLUSION_INCOMPLETE = _Case(
        "PIN-GUARD-018",
        _CONFIG,
        _ACT,
        "A kind of identifier that the last sync had is missing from the rows that join an exclusion audience, or far "
        "fewer rows have it, so people may see ads who must not.",
        "See [The identifiers are not what they were](#the-identifiers-are-not-what-they-were).",
    )

    NOT_FOUND = _Case(
        "PIN-API-001",
        _CONFIG,
        _ACT,
        "Pinterest does not know the ad account, audience or list, or does not show it to the person who signed in.",
        "Check the ad account's ID, and that the person who signed in may see the account.",
    )
    REQUEST_REFUSED = _Case(
        "PIN-API-002",
        _CONFIG,
        _ACT,
        "Pinterest refuses what was asked.",
        "Pinterest's text in brackets says what it refuses. If it is not about your settings, report it.",
    )
    REQUEST_TOO_LARGE = _Case(
        "PIN-API-003",
        _CONFIG,
        _ACT,
        "Pinterest finds a request too large, and to halve it did not help.",
        "Lower `batch_size`.",
    )
    SINGLE_IDENTIFIER_REFUSED = _Case(
        "PIN-API-004",
        _CONFIG,
        _ACT,
        "Pinterest refuses even a single identifier as too much, so size is not the reason.",
        "Read what Pinterest says in the brackets (too many customer lists, for one).",
    )
    CHANGED_MEANWHILE = _Case(
        "PIN-API-005",
        _TRANSIENT,
        _WAIT,
        "A list or audience changed while it was being written.",
        "Nothing. If it comes often, another program writes to the same list or audience.",
    )
    CREATION_IN_DOUBT = _Case(
        "PIN-API-006",
        _TRANSIENT,
        _WAIT,
        "It is not known whether Pinterest has created a list or audience: no usable answer came.",
        "Nothing. The next sync looks for it by name before it creates another.",
    )
    PINTEREST_FAULT = _Case(
        "PIN-API-007",
        _TRANSIENT,
        _WAIT,
        "Pinterest has a fault of its own.",
        "Wait. If it lasts, look at Pinterest's status page.",
    )
    ANSWER_UNEXPECTED = _Case(
        "PIN-API-008",
        _SYSTEM,
        _ACT,
        "Pinterest's answer is not what its description says.",
        "Report it, with the request id.",
    )
    WRONG_ADDRESS = _Case(
        "PIN-API-009",
        _SYSTEM,
        _ACT,
        "What stands at the API's address is not Pinterest's API.",
        "Check `api_base_url`; without it, check the proxy.",
    )
    ANSWER_OF_ANOTHER = _Case(
        "PIN-API-010",
        _SYSTEM,
        _ACT,
        "Pinterest's answer is about another ad account, list or audience than was asked for.",
        "Report it, with the request id. If a proxy between here and Pinterest keeps answers, switch that off.",
    )
    ANSWER_TOO_LARGE = _Case(
        "PIN-API-011",
        _SYSTEM,
        _ACT,
        "An answer is larger than any that is expected of Pinterest, or a listing does not end. What was read is "
        "dropped.",
        "Check `api_base_url` and the proxy; if they are right, report it.",
    )
    RECORDS_V2_REFUSED = _Case(
        "PIN-API-014",
        _CONFIG,
        _ACT,
        "Pinterest does not accept requests in the form `records_v2`, which phone numbers, customer IDs and envelopes "
        "need, and they have to be sent: `record_format` is `records_v2`, or people who were added so must leave.",
        "Ask Pinterest whether your app may use `records_v2`. With `record_format` set to `auto`, new rows are sent "
        "without these identifiers; with `records`, people who were added by them also stay without an error.",
    )

    QUOTA_USED_UP = _Case(
        "PIN-QUOTA-001",
        _TRANSIENT,
        _WAIT,
        "The app's and user's quota of requests is used up for longer than `retry_hours` allows to wait.",
        "Run the sync after the time that is named. On Trial access, see "
        "[More rows than a day's quota](#more-rows-than-a-days-quota). If it comes often, something else uses the same "
        "app as the same person.",
    )
    OBJECT_BUSY = _Case(
        "PIN-QUOTA-002",
        _TRANSIENT,
        _WAIT,
        "Writes to one list or audience come faster than Pinterest takes them.",
        "Nothing: requests to that list go one at a time from then on. If it ends the sync, another connection writes "
        "to the same list.",
    )
    SPAM_FILTER = _Case(
        "PIN-QUOTA-003",
        _TRANSIENT,
        _WAIT,
        "Pinterest's spam filter holds requests back.",
        "Wait some hours, and have the connection sync less often. If it stays, ask Pinterest's support.",
    )

    SHARED_QUOTA_UNUSABLE = _Case(
        "PIN-QUOTA-010",
        _CONFIG,
        _ACT,
        "What **Shared quota** names can't be used.",
        "See that the Redis runs and can be reached, or that the file can be written. Only `check` ends with this: a "
        "sync goes on alone, and says so.",
    )
    REDIS_PACKAGE_MISSING = _Case(
        "PIN-QUOTA-011",
        _CONFIG,
        _ACT,
        "**Shared quota** names a Redis, and the package for it is not installed.",
        "Install the extra `redis`, or name a file.",
    )
    REDIS_SIGN_IN_REFUSED = _Case(
        "PIN-QUOTA-012",
        _CONFIG,
        _ACT,
        "The Redis that **Shared quota** names does not take the user or the password of the address.",
        "Correct `redis://user:password@host`; `%` and two digits stand for what an address can't have, such as `%40` "
        "for `@`. Only `check` ends with this: a sync goes on alone, and says so.",
    )
    REDIS_RIGHTS_MISSING = _Case(
        "PIN-QUOTA-013",
        _CONFIG,
        _ACT,
        "The user of the Redis that **Shared quota** names may not do what is needed there.",
        "Give it the rights that [Many processes, one quota](scale.md#many-processes-one-quota) lists. Only `check` "
        "ends with this: a sync goes on alone, and says so.",
    )
    REDIS_NOT_TRUSTED = _Case(
        "PIN-QUOTA-014",
        _CONFIG,
        _ACT,
        "There is no trusted TLS connection to the Redis that **Shared quota** names.",
        "Name the host as its certificate does, and the authority of the certificate in `SSL_CERT_FILE`; `rediss://` "
        "is for a Redis with TLS, `redis://` for one without. Only `check` ends with this: a sync goes on alone, and "
        "says so.",
    )
    REDIS_OPTION_UNKNOWN = _Case(
        "PIN-QUOTA-015",
        _CONFIG,
        _ACT,
        "The address of a Redis in **Shared quota** has an option that is unknown, or has no such value.",
        "Correct what stands behind the `?`: `name`, `processes`, or what redis-py's `Redis` takes.",
    )

    PINTEREST_UNREACHABLE = _Case(
        "PIN-NET-001",
        _TRANSIENT,
        _WAIT,
        "Pinterest's API can't be reached, or gave no complete answer.",
        "Nothing at first. If it lasts: is `api.pinterest.com` reachable from where the connector runs, through the "
        "proxy that `HTTPS_PROXY` names?",
    )
    ANSWER_UNREADABLE = _Case(
        "PIN-NET-002",
        _TRANSIENT,
        _WAIT,
        "An answer was not JSON, or was cut off.",
        "If it lasts, something between here and Pinterest answers in its place: a proxy's login page, a firewall.",
    )
    CERTIFICATE_UNVERIFIED = _Case(
        "PIN-NET-003",
        _CONFIG,
        _ACT,
        "The certificate of Pinterest's API can't be verified.",
        "Name the certificates of a proxy that signs anew in `REQUESTS_CA_BUNDLE`; check the machine's clock.",
    )
    PROXY_LOGIN = _Case(
        "PIN-NET-004",
        _CONFIG,
        _ACT,
        "The proxy between here and Pinterest asks for a login.",
        "Put the login into `HTTPS_PROXY`.",
    )
    PROXY_REFUSES = _Case(
        "PIN-NET-005",
        _CONFIG,
        _ACT,
        "The proxy does not connect to Pinterest's API or to a bucket.",
        "Allow the host that is named in the proxy's rules, or correct `HTTPS_PROXY` or `NO_PROXY`.",
    )
    CERTIFICATES_UNUSABLE = _Case(
        "PIN-NET-006",
        _CONFIG,
        _ACT,
        "The file of certificates that `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `SSL_CERT_FILE` or, for a bucket, "
        "`AWS_CA_BUNDLE` names is not there, can't be read, or holds none.",
        "Correct the path; in a container, the file has to be mounted into it.",
    )
    HOST_UNKNOWN = _Case(
        "PIN-NET-007",
        _CONFIG,
        _ACT,
        "The name server knows no host of the name of Pinterest's API or of a bucket.",
        "Correct the name server of the machine that the connector runs on. Where only the proxy knows names of the "
        "internet, name it in `HTTPS_PROXY`. It is this error only until the first answer; later the request is tried "
        "again.",
    )
    NO_ROUTE = _Case(
        "PIN-NET-008",
        _CONFIG,
        _ACT,
        "There is no way through the network to Pinterest's API or to a bucket.",
        "See to the network of the machine or container, or name a proxy in `HTTPS_PROXY`. It is this error only until "
        "the first answer; later the request is tried again.",
    )
    PROXY_UNREACHABLE = _Case(
        "PIN-NET-009",
        _CONFIG,
        _ACT,
        "The proxy can't be used: it refuses connections, there is no such host or no way to it, or its address is "
        "none.",
        "Correct `HTTPS_PROXY`, or name the host in `NO_PROXY`. It is this error only until the first answer; later "
        "the request is tried again.",
    )

    STORE_BUSY = _Case(
        "PIN-STORE-001",
        _TRANSIENT,
        _WAIT,
        "Another sync is at work on the same audience with the same membership store.",
        "Nothing in Airbyte, which tries again; elsewhere, run it again later. If it comes often, two connections keep "
        "the same audience; see that they don't run at the same time.",
    )
    STORE_TAKEN_OVER = _Case(
        "PIN-STORE-002",
        _TRANSIENT,
        _WAIT,
        "Another sync took the membership store over, since this one had stood still for longer than 40 seconds.",
        "Nothing in Airbyte, which tries again; elsewhere, run it again. If it comes often, look why the sync stands "
        "still.",
    )
    STORE_KEY_WRONG = _Case(
        "PIN-STORE-003",
        _CONFIG,
        _ACT,
        "The membership store was written with another store key.",
        "Enter the store key that it was written with. If it is lost, start anew: "
        "[The store can't be used](#the-store-cant-be-used).",
    )
    STORE_OF_OTHER_AUDIENCE = _Case(
        "PIN-STORE-004",
        _CONFIG,
        _ACT,
        "A folder of the membership store is about another audience: it was renamed or copied.",
        "Put the right one there, or start anew: [The store can't be used](#the-store-cant-be-used).",
    )
    STORE_DAMAGED = _Case(
        "PIN-STORE-005",
        _CONFIG,
        _ACT,
        "The membership store is damaged, or files of it are missing.",
        "Restore the folder from a backup, or start anew: [The store can't be used](#the-store-cant-be-used).",
    )
    STORE_OF_LATER_VERSION = _Case(
        "PIN-STORE-006",
        _CONFIG,
        _ACT,
        "The membership store was written by a later version of the connector.",
        "Use that version, or a later one.",
    )
    STORE_OUT_OF_STEP = _Case(
        "PIN-STORE-007",
        _CONFIG,
        _ACT,
        "The audience was replaced, or created anew, without the membership store, so the store is wrong about its "
        "members.",
        "[Start anew](#starting-a-store-anew).",
    )
    STORE_FOLDER_REFUSED = _Case(
        "PIN-STORE-008",
        _CONFIG,
        _ACT,
        "The folder of the membership store is not there, or may not be used.",
        "Mount the volume, create the folder, or let the connector read and write in it.",
    )
    STORE_FOLDER_FAILED = _Case(
        "PIN-STORE-009",
        _TRANSIENT,
        _WAIT,
        "The folder of the membership store did not work.",
        "Its disk is full or failing.",
    )
    STORE_FORGETS = _Case(
        "PIN-STORE-010",
        _TRANSIENT,
        _WAIT,
        "The membership store did not give back what was written to it.",
        "The storage loses or changes what it is given; look at its own logs.",
    )
    LOCAL_DISK_FAILED = _Case(
        "PIN-STORE-011",
        _TRANSIENT,
        _WAIT,
        "The local disk is too small, or fails, for work on the membership store.",
        "It takes about 400 bytes for each row and member. Free some, or name a larger disk in `TMPDIR`.",
    )
    NO_LOCAL_FOLDER = _Case(
        "PIN-STORE-012",
        _CONFIG,
        _ACT,
        "No folder on the local disk can be written to, and the membership store needs one to work in.",
        "Name one in `TMPDIR`. In a container with a read-only root file system, mount a volume there.",
    )
    TOO_MANY_STREAMS = _Case(
        "PIN-STORE-013",
        _SYSTEM,
        _ACT,
        "More streams write to one audience than the membership store can tell apart.",
        "Give some of the streams an audience of their own.",
    )
    STORE_ROLLED_BACK = _Case(
        "PIN-STORE-016",
        _CONFIG,
        _ACT,
        "Pinterest has seen a later state of the membership store: the store is an older copy, or another store has "
        "kept the audience since.",
        "Restore the newest copy. If there is none, see [An older copy of the store](#an-older-copy-of-the-store).",
    )
    STORE_HAS_LINK = _Case(
        "PIN-STORE-017",
        _CONFIG,
        _ACT,
        "A file or folder in the membership store's folder is a link, or something else that the connector did not put "
        "there.",
        "Find out who put it there, and put back the file or folder itself. Only the path in the settings may be a "
        "link.",
    )
    STORE_NOT_SET = _Case(
        "PIN-STORE-018",
        _CONFIG,
        _ACT,
        "A command about the membership store found none in the settings.",
        "Set `membership_store` in the config.",
    )
    STORE_COPY_REFUSED = _Case(
        "PIN-STORE-019",
        _CONFIG,
        _ACT,
        "Where the membership store was to be copied to, another one knows the audience, or a later state of the same.",
        "Copy to an empty folder or bucket, or drop that audience there first.",
    )
    STORE_PART_MISSING = _Case(
        "PIN-STORE-020",
        _CONFIG,
        _ACT,
        "The membership store knows no audience of that name in the ad account.",
        "Give the name as `pinterest-audiences store verify` shows it.",
    )
    SUPPRESSION_KEY_WRONG = _Case(
        "PIN-STORE-026",
        _CONFIG,
        _ACT,
        "The suppression store was written with another store key.",
        "Enter the store key that it was written with: the one of `suppression_store`, not of `membership_store`.",
    )
    SUPPRESSION_DAMAGED = _Case(
        "PIN-STORE-027",
        _CONFIG,
        _ACT,
        "The suppression store is damaged, or files of it are missing. No sync goes on without it, since that could "
        "bring back people who were forgotten.",
        "Restore its folder `suppressions` from a backup. Run `pinterest-audiences forget` again for those who were "
        "forgotten since.",
    )
    SUPPRESSION_OF_LATER_VERSION = _Case(
        "PIN-STORE-028",
        _CONFIG,
        _ACT,
        "The suppression store was written by a later version of the connector.",
        "Use that version, or a later one.",
    )
    SUPPRESSION_BUSY = _Case(
        "PIN-STORE-029",
        _TRANSIENT,
        _WAIT,
        "Several commands change the suppression store at the same time.",
        "Run it again later; what was done stays done.",
    )
    FORGETTING_INCOMPLETE = _Case(
        "PIN-STORE-030",
        _TRANSIENT,
        _WAIT,
        "People are suppressed, but not yet out of every customer list and ledger: a sync is at work on some, or "
        "Pinterest refused some. The certificate names them.",
        "Run the same command again: it goes on with what is left. Airbyte does so by itself.",
    )

    BUCKET_MISSING = _Case(
        "PIN-BUCKET-001",
        _CONFIG,
        _ACT,
        "The bucket does not exist.",
        "Create it, or correct its name or the endpoint. Then test the destination and sync again: no state after what "
        "was not stored was returned.",
    )
    BUCKET_ROLE_REFUSED = _Case(
        "PIN-BUCKET-002",
        _CONFIG,
        _ACT,
        "The role for the bucket may not be assumed.",
        "Correct the role's ARN, or let the role trust the user of the access keys.",
    )
    BUCKET_KEYS_INVALID = _Case(
        "PIN-BUCKET-003",
        _CONFIG,
        _ACT,
        "The access keys of the bucket are missing or not valid.",
        "Enter valid ones, or give the machine a role.",
    )
    BUCKET_IN_OTHER_REGION = _Case(
        "PIN-BUCKET-004",
        _CONFIG,
        _ACT,
        "The bucket lies in another region.",
        "Correct the region in the settings.",
    )
    BUCKET_CLOCK_DIFFERS = _Case(
        "PIN-BUCKET-005",
        _CONFIG,
        _ACT,
        "The storage refuses the request's time.",
        "Set the clock of the machine that the connector runs on.",
    )
    BUCKET_ACCESS_DENIED = _Case(
        "PIN-BUCKET-006",
        _CONFIG,
        _ACT,
        "The bucket does not allow what the connector needs.",
        "Grant what the message names, on the bucket and its path.",
    )
    BUCKET_REFUSED = _Case(
        "PIN-BUCKET-007",
        _CONFIG,
        _ACT,
        "The storage refuses for a reason that the connector does not know.",
        "The storage's code stands in brackets; its documentation says what it means.",
    )
    BUCKET_FAILED = _Case(
        "PIN-BUCKET-008",
        _TRANSIENT,
        _WAIT,
        "The storage had a fault, also when asked again.",
        "Nothing at first: the platform tries again. Rejected rows may be written twice.",
    )
    BUCKET_UNREACHABLE = _Case(
        "PIN-BUCKET-009",
        _TRANSIENT,
        _WAIT,
        "The bucket can't be reached.",
        "Nothing at first. If it lasts, check the endpoint and the network.",
    )
    BUCKET_SETTINGS_UNUSABLE = _Case(
        "PIN-BUCKET-010",
        _CONFIG,
        _ACT,
        "No request can be made of the bucket's settings.",
        "Correct the bucket's name, its region or the endpoint.",
    )

    LINE_NOT_A_MESSAGE = _Case(
        "PIN-PROTO-001",
        _SYSTEM,
        _ACT,
        "A line of the input is not an Airbyte message, or is nested so deep that it can't be read.",
        "The source or a mapper writes something else to its output; a column that is nested so deep has to be left "
        "out of the connection. The message names the line's number, never its content.",
    )
    STREAM_NOT_IN_CATALOG = _Case(
        "PIN-PROTO-002",
        _SYSTEM,
        _ACT,
        "A record is of a stream that the catalog does not name.",
        "Refresh the connection's schema.",
    )
    SOURCE_OUTDATED = _Case(
        "PIN-PROTO-003",
        _SYSTEM,
        _ACT,
        "The source sends a record or a state of a form that no current platform uses.",
        "Update the source connector to one that sends STREAM or GLOBAL states.",
    )
    CATALOG_UNUSABLE = _Case(
        "PIN-PROTO-004",
        _SYSTEM,
        _ACT,
        "The catalog can't be read, is not a ConfiguredAirbyteCatalog, or names a stream twice.",
        "In Airbyte, report it. By hand, correct the file that `--catalog` names.",
    )
    INPUT_CLOSED = _Case(
        "PIN-PROTO-005",
        _SYSTEM,
        _ACT,
        "Standard input is closed, so no records can come.",
        "Start `write` with a pipe or a file.",
    )
    LINE_TOO_LONG = _Case(
        "PIN-PROTO-006",
        _SYSTEM,
        _ACT,
        "A line of the input is longer than any that a platform sends. The message names its number.",
        "Leave columns with large texts or files out of the connection.",
    )
    STATE_NOT_TEXT = _Case(
        "PIN-PROTO-007",
        _SYSTEM,
        _ACT,
        "A state is not UTF-8, or has half of a surrogate pair where names are, so it could come back altered.",
        "Correct the cursor's value where the data comes from, or report it to the source connector.",
    )

    CRASHED = _Case(
        "PIN-FAULT-001",
        _SYSTEM,
        _WAIT,
        "The connector failed with a fault of its own.",
        "Run the sync again; if it fails again, report the stack trace. It holds no data.",
    )
    STORE_MISUSED = _Case(
        "PIN-FAULT-002",
        _SYSTEM,
        _ACT,
        "The connector used its membership store out of order. Nothing wrong was stored.",
        "Report it.",
    )

    USAGE_WRONG = _Case(
        "PIN-CLI-001",
        _CONFIG,
        _ACT,
        "An option is missing, unknown, contradicts another one, or has a value that it can't have.",
        "Correct what was typed; `--help` names the options.",
    )
    CLI_CONFIG_UNUSABLE = _Case(
        "PIN-CLI-002",
        _CONFIG,
        _ACT,
        "The file that `--config` names holds no JSON object, or can't be written, which a changed refresh "
        "token needs.",
        "Correct the file, or make it writable.",
    )
    STATE_FILE_UNUSABLE = _Case(
        "PIN-CLI-003",
        _CONFIG,
        _ACT,
        "The state file can't be read or written, is damaged, or belongs to another sync.",
        "Name another file by `--state`, or delete it to read everything from its beginning.",
    )
    SOURCE_ADDRESS_WRONG = _Case(
        "PIN-CLI-004",
        _CONFIG,
        _ACT,
        "`--from` names no source that the command line knows.",
        "Give a database's URL, or a file; if its name tells no format, name that by `--format`.",
    )
    SOURCE_NOT_OPENED = _Case(
        "PIN-CLI-005",
        _CONFIG,
        _ACT,
        "The database or file can't be opened or read.",
        "See that it is there, may be read, and is what its name says.",
    )
    PACKAGE_MISSING = _Case(
        "PIN-CLI-006",
        _CONFIG,
        _ACT,
        "A Python package that the command line needs is not installed.",
        "Run the `pip install` that the message gives.",
    )
    TABLE_OR_COLUMN_UNKNOWN = _Case(
        "PIN-CLI-007",
        _CONFIG,
        _ACT,
        "There is no such table or column, or two columns have one name.",
        "Correct the name. A file needs a first line of column names; columns of a query are renamed by `AS`.",
    )
    QUERY_REFUSED = _Case(
        "PIN-CLI-008",
        _CONFIG,
        _ACT,
        "The database refuses the query.",
        "Correct the query.",
    )
    CURSOR_UNUSABLE = _Case(
        "PIN-CLI-009",
        _CONFIG,
        _ACT,
        "The cursor's column identifies people, or its values can't be a cursor.",
        "Take a column that grows with each change, such as `updated_at`.",
    )
    SOURCE_STOPPED = _Case(
        "PIN-CLI-010",
        _TRANSIENT,
        _WAIT,
        "The source stopped in the middle. What was sent before stays sent.",
        "Run the same query in a client of the database to read its message, which may quote people's data.",
    )
    CONNECTOR_NOT_FOUND = _Case(
        "PIN-CLI-011",
        _CONFIG,
        _ACT,
        "There is no program of the name that `--destination` gives.",
        "Give a connector's executable.",
    )
    CONNECTOR_NOT_STARTED = _Case(
        "PIN-CLI-012",
        _SYSTEM,
        _ACT,
        "The connector's process can't be started.",
        "The message has the operating system's reason.",
    )
    CONNECTOR_SILENT = _Case(
        "PIN-CLI-013",
        _SYSTEM,
        _WAIT,
        "The connector ended, or failed, without saying why.",
        "Run the command again; if it ends so again, report it. Memory may have been short.",
    )
    ROWS_UNCONFIRMED = _Case(
        "PIN-CLI-014",
        _SYSTEM,
        _WAIT,
        "The connector ended well without confirming the last rows.",
        "Run the sync again.",
    )
    ANSWER_NOT_TAKEN = _Case(
        "PIN-CLI-015",
        _SYSTEM,
        _ACT,
        "The command line failed on a message of the connector.",
        "Report it.",
    )
    CREDENTIALS_NOT_KEPT = _Case(
        "PIN-CLI-016",
        _CONFIG,
        _ACT,
        "Pinterest has replaced the refresh token, and it could not be written into the config file.",
        "See that the file can be written, and sign in again: the token in it may be dead now.",
    )
    STATE_NOT_KEPT = _Case(
        "PIN-CLI-017",
        _CONFIG,
        _ACT,
        "The state file could not be written in the middle of a sync.",
        "See that it can be written. The next sync reads those rows again.",
    )
    STOPPED_BY_USER = _Case(
        "PIN-CLI-018",
        _TRANSIENT,
        _ACT,
        "The command was stopped by Ctrl-C or a signal.",
        "Run it again when you like. What was sent stays sent.",
    )
    CLI_CRASHED = _Case(
        "PIN-CLI-019",
        _SYSTEM,
        _ACT,
        "The command line failed with a fault of its own.",
        "Report it; the message names the place in the program and holds no data.",
    )
    CONNECTOR_GAVE_NO_CODE = _Case(
        "PIN-CLI-020",
        _SYSTEM,
        _ACT,
        "A connector that is not ours (`--destination`) failed and gave no code.",
        "Read its message.",
    )
    ENVIRONMENT_VARIABLE_UNSET = _Case(
        "PIN-CLI-041",
        _CONFIG,
        _ACT,
        "The config file or `--from` names a variable as `${NAME}`, and the environment has none of that name.",
        "Set the variable. `$${NAME}` stands for the text `${NAME}` itself.",
    )
    FILE_IS_NO_TABLE = _Case(
        "PIN-CLI-021",
        _CONFIG,
        _ACT,
        "A text file has a line that is too long to be one of a table.",
        "See that it is a text file, and not compressed or of another kind.",
    )
    FILE_HEADER_CHANGES = _Case(
        "PIN-CLI-022",
        _CONFIG,
        _ACT,
        "A text file has another line of column names further down, with columns that identify people and that the "
        "first one lacks. What was sent before stays sent.",
        "Split the file at the line that the message names, and sync both parts.",
    )
    ROWS_UNREADABLE = _Case(
        "PIN-CLI-023",
        _CONFIG,
        _ACT,
        "Too many lines of a file can't be read as rows: more than half of them, or 5 % with `--replace`, in which "
        "case nobody has left the audience. What was sent before stays sent.",
        "See the lines that the message names. If the delimiter or the quotation mark was guessed wrongly, say "
        "`--delimiter` or `--quote`.",
    )
    SOURCE_UNREACHABLE = _Case(
        "PIN-CLI-031",
        _TRANSIENT,
        _WAIT,
        "The database, the bucket's storage or the web server that `--from` names doesn't answer, answers with an "
        "error of its own, or is locked by another program.",
        "See that the address is right and the network is up, and run the command again later.",
    )
    SOURCE_CUT_OFF = _Case(
        "PIN-CLI-032",
        _TRANSIENT,
        _WAIT,
        "A file ends in its middle or is damaged, perhaps because it is still being written. What was sent before "
        "stays sent.",
        "Write or download the file again, and run the command again.",
    )
    SOURCE_TOO_LARGE = _Case(
        "PIN-CLI-033",
        _CONFIG,
        _ACT,
        "A file would have to be held in memory, since its format is read from its end or twice, and is too large for "
        "that.",
        "Decompress it, save standard input to a file, or use a format that is read in one go, such as CSV.",
    )
    FORMATS_MIXED = _Case(
        "PIN-CLI-034",
        _CONFIG,
        _ACT,
        "The folder, pattern or archive that `--from` names has files of several formats.",
        "Choose one by `--format`, or by a pattern such as `exports/*.csv`.",
    )
    REJECTED_NOT_KEPT = _Case(
        "PIN-CLI-035",
        _CONFIG,
        _ACT,
        "The file that `--rejected` names can't be written.",
        "Name a file that can be written. If that happened in the middle, the next sync reads those rows again.",
    )
    STORE_NOT_WHOLE = _Case(
        "PIN-CLI-051",
        _CONFIG,
        _ACT,
        "`pinterest-audiences store verify` found that not every audience of the membership store is whole.",
        "See [The store can't be used](#the-store-cant-be-used).",
    )
    DROP_NOT_CONFIRMED = _Case(
        "PIN-CLI-052",
        _CONFIG,
        _ACT,
        "`pinterest-audiences store drop` was not confirmed. Nothing was dropped.",
        "Answer yes, or add `--yes` where nobody can be asked.",
    )
    STORE_KEY_UNUSABLE = _Case(
        "PIN-CLI-053",
        _CONFIG,
        _ACT,
        "A store key for `pinterest-audiences store rekey` is missing, too short, or the same as the other.",
        "Give the new key by `PINTEREST_NEW_STORE_KEY`, by `--new-key-file`, or when you are asked for it.",
    )
    CREATED_NAME_UNUSABLE = _Case(
        "PIN-CLI-066",
        _CONFIG,
        _ACT,
        "A name for `pinterest-audiences create` is blank or longer than an audience's name may be.",
        "Give the audience another name, of up to 200 characters.",
    )
    PROFILE_UNKNOWN = _Case(
        "PIN-CLI-081",
        _CONFIG,
        _ACT,
        "`--profile` or `PINTEREST_PROFILE` names a profile that there is not.",
        "Sign in by `pinterest-audiences login --profile NAME`, or name one that `pinterest-audiences profiles` shows.",
    )
    PROFILE_NOT_CHOSEN = _Case(
        "PIN-CLI-082",
        _CONFIG,
        _ACT,
        "There are several profiles, none is called `default`, and none was named.",
        "Name one by `--profile` or `PINTEREST_PROFILE`.",
    )
    PROFILE_FOLDER_UNUSABLE = _Case(
        "PIN-CLI-083",
        _CONFIG,
        _ACT,
        "The folder of the profiles can't be read, or a profile can't be written into it.",
        "Correct its permissions, or name another folder by `PINTEREST_AUDIENCES_HOME`.",
    )
    LOGIN_PORT_UNUSABLE = _Case(
        "PIN-CLI-084",
        _CONFIG,
        _ACT,
        "`pinterest-audiences login` can't listen on the port of the redirect URI.",
        "End what uses the port, name another one by `--port` that is registered in the app, or add `--no-browser`.",
    )
    LOGIN_DENIED = _Case(
        "PIN-CLI-085",
        _CONFIG,
        _ACT,
        "Access was not allowed on Pinterest's page.",
        "Sign in again, and allow what is asked for.",
    )
    LOGIN_NOT_ANSWERED = _Case(
        "PIN-CLI-086",
        _CONFIG,
        _ACT,
        "Nobody signed in before `pinterest-audiences login` stopped waiting.",
        "See that the redirect URI is registered in the app, character by character, and sign in again.",
    )
    APP_KEYS_MISSING = _Case(
        "PIN-CLI-087",
        _CONFIG,
        _ACT,
        "`pinterest-audiences login` has no app ID or no app secret, and nobody can be asked.",
        "Give them by `--client-id` and `--client-secret-file`, or by `PINTEREST_CLIENT_ID` and "
        "`PINTEREST_CLIENT_SECRET`.",
    )
    ACCOUNT_NOT_CHOSEN = _Case(
        "PIN-CLI-088",
        _CONFIG,
        _ACT,
        "The sign-in is kept in the profile, but no ad account was chosen.",
        "Run `pinterest-audiences accounts --use ID`.",
    )
    ACCOUNT_NOT_AMONG_THEM = _Case(
        "PIN-CLI-089",
        _CONFIG,
        _ACT,
        "The sign-in does not reach the ad account that `--account` or `--use` names, or several have the name.",
        "Give an ID that `pinterest-audiences accounts` shows.",
    )
    KEYRING_UNUSABLE = _Case(
        "PIN-CLI-090",
        _CONFIG,
        _ACT,
        "The machine's keyring can't be used, or does not hold the secret of the profile's app.",
        "Unlock the keyring, or sign in again, without `--keyring` where there is none.",
    )
    STORE_TARGET_UNUSABLE = _Case(
        "PIN-CLI-054",
        _CONFIG,
        _ACT,
        "`pinterest-audiences store copy` can't read where to copy to from what `--to` names.",
        "Name a folder that exists, or a config file with the other `membership_store`, under the same store key.",
    )
    PROBE_STEP_UNKNOWN = _Case(
        "PIN-CLI-071",
        _CONFIG,
        _ACT,
        "`pinterest-audiences probe --only` names a step that there is not.",
        "Choose one of those that `--list` shows.",
    )
    PROBE_NOT_CONFIRMED = _Case(
        "PIN-CLI-072",
        _CONFIG,
        _ACT,
        "`pinterest-audiences probe` was started where nobody can be asked before each step. Nothing was done.",
        "Run it in a terminal, or add `--yes` to permit all steps.",
    )
    FORGET_NOT_CONFIRMED = _Case(
        "PIN-CLI-056",
        _CONFIG,
        _ACT,
        "`pinterest-audiences forget` would touch exclusion audiences, or customer lists that the connector did not "
        "make, and was not told what to do about them. Nothing was changed.",
        "Answer when it asks. Where nobody can be asked, add `--yes`, `--include`, `--only-ours` or `--except`.",
    )
    FORGET_EXCEPTION_UNKNOWN = _Case(
        "PIN-CLI-057",
        _CONFIG,
        _ACT,
        "`--except` names an audience or customer list that the ad account does not have. Nothing was changed.",
        "Give a name or an ID as `pinterest-audiences lists` shows it.",
    )
    PROJECT_NOT_FOUND = _Case(
        "PIN-CLI-096",
        _CONFIG,
        _ACT,
        "There is no project file here, or it can't be read.",
        "Change into the folder of `audiences.yml`, name the file by `--file`, or write one by "
        "`pinterest-audiences init`.",
    )
    PROJECT_INVALID = _Case(
        "PIN-CLI-097",
        _CONFIG,
        _ACT,
        "The project file says something that it can't say, or leaves out what is needed.",
        "Correct what is named on the line that is named; see [Projects](project.md).",
    )
    SELECTION_EMPTY = _Case(
        "PIN-CLI-098",
        _CONFIG,
        _ACT,
        "`--select` names an audience or a tag that the project file does not have.",
        "Select by the names and tags of the project file; `pinterest-audiences validate` lists them.",
    )
    DBT_MODEL_UNUSABLE = _Case(
        "PIN-CLI-099",
        _CONFIG,
        _ACT,
        "A dbt model that the project file names is not in the manifest, is there more than once, or is no relation.",
        "Run `dbt compile`, and name a model that is a table, a view or a snapshot, if need be as `package.name`.",
    )
    PROJECT_BUSY = _Case(
        "PIN-CLI-100",
        _TRANSIENT,
        _WAIT,
        "Another command runs audiences of the same project. Nothing was done.",
        "Run it again once the other one has ended.",
    )
    RETRY_IMPOSSIBLE = _Case(
        "PIN-CLI-101",
        _CONFIG,
        _ACT,
        "`pinterest-audiences retry` can't tell which rows to read again.",
        "Give the audience `primary_key` and `rejected`, and run it once.",
    )
    INIT_IMPOSSIBLE = _Case(
        "PIN-CLI-102",
        _CONFIG,
        _ACT,
        "`pinterest-audiences init` would write over a file, or found no table with a column that identifies people.",
        "Name another file by `--file` or another source by `--from`, or write the file by hand.",
    )
    HISTORY_NOT_OURS = _Case(
        "PIN-CLI-121",
        _CONFIG,
        _ACT,
        "The file in which the history of runs is to be kept is a database of something else. It was not changed.",
        "Name another file by `PINTEREST_AUDIENCES_HISTORY`.",
    )
    HISTORY_LATER = _Case(
        "PIN-CLI-122",
        _CONFIG,
        _ACT,
        "The history of runs was written by a later version of this program.",
        "Update this one, or name another file by `PINTEREST_AUDIENCES_HISTORY`.",
    )
    HISTORY_UNUSABLE = _Case(
        "PIN-CLI-123",
        _CONFIG,
        _ACT,
        "The history of runs can't be read or written: its folder may not be used, or the disk is full. A sync goes "
        "on without it.",
        "Make room, make the file writable, or name another by `PINTEREST_AUDIENCES_HISTORY`, which may also be `off`.",
    )
    HISTORY_BROKEN = _Case(
        "PIN-CLI-124",
        _CONFIG,
        _ACT,
        "The file with the history of runs is damaged. A sync goes on without it.",
        "Move the file away: the next run begins a new one.",
    )
    HISTORY_BUSY = _Case(
        "PIN-CLI-125",
        _TRANSIENT,
        _WAIT,
        "Other processes have kept the history of runs locked for too long. A sync goes on without it.",
        "Run the command again. If it happens often, see which program keeps the file open.",
    )
    ALERTS_UNUSABLE = _Case(
        "PIN-CLI-126",
        _CONFIG,
        _ACT,
        "What says whom to alert, and when, can't be read: the file, a setting in it, or an address that Apprise can't "
        "use. Addresses are not shown, since they hold secrets.",
        "Correct what the message names, and try it by `pinterest-audiences alerts test`. See [alerts](alerts.md).",
    )
    ALERT_NOT_SENT = _Case(
        "PIN-CLI-127",
        _CONFIG,
        _ACT,
        "`pinterest-audiences alerts test` could not send its alert to every address.",
        "Correct the addresses that the message counts. An alert that can't be sent never changes how a run ends.",
    )
    RUNS_STALE = _Case(
        "PIN-CLI-128",
        _CONFIG,
        _ACT,
        "No run has succeeded for longer than it was to be allowed.",
        "See whether the schedule still starts it, and what `pinterest-audiences history --runs` says.",
    )
    HISTORY_EMPTY = _Case(
        "PIN-CLI-129",
        _CONFIG,
        _ACT,
        "The history has nothing of what was asked for, or `PINTEREST_AUDIENCES_HISTORY` says that none is kept.",
        "Look at `pinterest-audiences history` without a name, or let a run or `observe` write one.",
    )
    PAGE_PORT_TAKEN = _Case(
        "PIN-CLI-136",
        _CONFIG,
        _ACT,
        "The port on which `pinterest-audiences ui` was to show its page is taken, or may not be used.",
        "Name another port by `--port`, or end the program that uses it; `--port 0` takes any free one.",
    )
    MOVE_UNREADABLE = _Case(
        "PIN-CLI-143",
        _CONFIG,
        _ACT,
        "A file that is to be moved over or compared can't be read, or holds no audiences.",
        "Export it again, as JSON. [Migrations](pinterest-migrations.md#from-a-v4-dataflow) names the forms that are "
        "read.",
    )
    MOVE_WITHOUT_ACCOUNT = _Case(
        "PIN-CLI-144",
        _CONFIG,
        _ACT,
        "The export does not say to which ad account its audiences belong.",
        "Name the account by `--ad-account`, or add the file with the target connection by another `--from`.",
    )
    MOVE_WOULD_OVERWRITE = _Case(
        "PIN-CLI-145",
        _CONFIG,
        _ACT,
        "What `migrate` is to write is there already, or its folder can't be written to.",
        "Name another folder by `--out`, or add `--force` to replace the files.",
    )
    COMPARED_LACKS = _Case(
        "PIN-CLI-146",
        _CONFIG,
        _ACT,
        "`compare` has found something that the old flow had and the new one lacks.",
        "Add what is named, and compare again, before you disable the old flow. If a difference is meant, go on.",
    )
    NOTHING_ENABLED = _Case(
        "PIN-CLI-150",
        _CONFIG,
        _ACT,
        "All audiences that a command of a project was to be about have `enabled: false`, so it did nothing.",
        "Enable one, or name one by `--select`. If all are to pause, stop the schedule.",
    )
    PROFILE_LATER = _Case(
        "PIN-CLI-151",
        _CONFIG,
        _ACT,
        "What lies beside a profile (`NAME.about.json`) was written by a later version, and would be lost.",
        "Update this version, or use another profile by `--profile`.",
    )
    COMPARED_PARTLY = _Case(
        "PIN-CLI-152",
        _CONFIG,
        _ACT,
        "`compare` has found nothing lacking, but the old flow's file has dataflows or audiences that could not be "
        "compared.",
        "Export the dataflow for Pinterest alone, together with its target connection, and compare again.",
    )
    RUN_NOT_ENDED = _Case(
        "PIN-CLI-153",
        _TRANSIENT,
        _WAIT,
        "A run of a project was killed, or its machine went down, so that it left no record. The next run says so.",
        "Nothing is lost: the next run goes on. If that comes again, see what kills it: the system's log names a lack "
        "of memory, a scheduler its time limit.",
    )
    TEMPORARY_FOLDER_UNUSABLE = _Case(
        "PIN-CLI-154",
        _CONFIG,
        _ACT,
        "The command needs a temporary file, and there is no folder or no room for one.",
        "Make room, or name a folder that can be written by `TMPDIR`.",
    )
    STATIC_NAME_IDENTIFIES = _Case(
        "PIN-CLI-155",
        _CONFIG,
        _ACT,
        "The name that the project file or `create` gives an audience looks like an identifier of a person. Names are "
        "shown at Pinterest, in logs and in reports.",
        "Give it a name that tells nobody. One that is already called so can be kept by its id (`audience_id`).",
    )
    DIFFERENCE_NOT_POSSIBLE = _Case(
        "PIN-CLI-160",
        _CONFIG,
        _ACT,
        "`--difference warehouse` does not go with another argument, or with a setting.",
        "Take out what is named, or leave the difference to the connector. [In the "
        "warehouse](scale.md#in-the-warehouse) says what it needs.",
    )
    DIFFERENCE_NO_WAREHOUSE = _Case(
        "PIN-CLI-161",
        _CONFIG,
        _ACT,
        "`--from` is no database that can compute the difference.",
        "Use one of the databases that [In the warehouse](scale.md#in-the-warehouse) names, or leave out "
        "`--difference warehouse`.",
    )
    DIFFERENCE_SCHEMA_UNUSABLE = _Case(
        "PIN-CLI-162",
        _CONFIG,
        _ACT,
        "The schema for what was last sent is not there, or no table can be created in it.",
        "Create the schema, grant the right to create and change tables in it, or name another by "
        "`--difference-schema`.",
    )
    DIFFERENCE_OF_LATER_VERSION = _Case(
        "PIN-CLI-163",
        _CONFIG,
        _ACT,
        "A later version of this program has written what was last sent.",
        "Update this program, or name another schema by `--difference-schema`, which begins anew.",
    )
    DIFFERENCE_BUSY = _Case(
        "PIN-CLI-164",
        _TRANSIENT,
        _WAIT,
        "Another run is sending the difference of the same audience.",
        "Wait for its end, and run this one again.",
    )
    DIFFERENCE_TAKEN_OVER = _Case(
        "PIN-CLI-165",
        _TRANSIENT,
        _WAIT,
        "Another run has taken the audience over, since this one had stood still for too long.",
        "Run it again once the other one has ended. Nothing is lost: what was not noted as accepted is sent again.",
    )
    DIFFERENCE_TABLE_CHANGES = _Case(
        "PIN-CLI-166",
        _TRANSIENT,
        _WAIT,
        "The table changes so quickly that it can't be read as it is at one moment, in a database without snapshots.",
        "Run it again when less is written to the table, or read a copy of it.",
    )
    DIFFERENCE_STATEMENT_FAILED = _Case(
        "PIN-CLI-167",
        _TRANSIENT,
        _WAIT,
        "The database stopped while it computed or kept the difference.",
        "Look into the database's own log, and run the sync again: it goes on with what was accepted.",
    )
    DIFFERENCE_JUDGED_OTHERWISE = _Case(
        "PIN-CLI-168",
        _CONFIG,
        _ACT,
        "The database judges made-up values otherwise than this program does, so it can't be trusted with real ones.",
        "Leave out `--difference warehouse`, and report this with the database's version and settings.",
    )
    SPARK_NOT_CARRIED = _Case(
        "PIN-CLI-170",
        _CONFIG,
        _ACT,
        "The settings or the columns of a DataFrame ask for something that a sync from Spark does not carry.",
        "Do what the message says. [Scale](scale.md#what-spark-carries-and-what-not) names what is carried.",
    )
    SPARK_PACKAGE_MISSING = _Case(
        "PIN-CLI-171",
        _CONFIG,
        _ACT,
        "Spark's executors can't import this project's packages, which map rows there.",
        "Install the package on every node, in the driver's version. [Scale](scale.md#on-a-cluster) says how.",
    )
    SPARK_FAILED = _Case(
        "PIN-CLI-172",
        _TRANSIENT,
        _WAIT,
        "Spark failed while it prepared a DataFrame's rows. Its message is not shown, since it may quote one.",
        "Read Spark's own log, and sync again. What was sent stays sent, and a replacement has changed nothing.",
    )
    SPARK_SENT_BUSY = _Case(
        "PIN-CLI-173",
        _TRANSIENT,
        _WAIT,
        "Another driver of Spark mirrors by the same table of what was last sent.",
        "Let it end, and sync again. One that was killed on another machine counts as ended after three minutes.",
    )
    SPARK_SENT_FOREIGN = _Case(
        "PIN-CLI-174",
        _CONFIG,
        _ACT,
        "The table that is to hold what was last sent is of another audience or ad account, of a later version, or no "
        "such table at all.",
        "Name a table of its own for each audience by `sent`, or a new one, by which the mirror begins anew.",
    )
    CLI_CONFIG_NOT_JSON = _Case(
        "PIN-CLI-175",
        _CONFIG,
        _ACT,
        "A config that a program passes in place of a file has a key or a value that a JSON file could not hold.",
        "Pass a dict with a config file's keys, of texts, numbers, true or false, lists and dicts.",
    )
    EMPTY_TABLE_KEPT = _Case(
        "PIN-CLI-180",
        _CONFIG,
        _ACT,
        "The table of an audience with `mode: replace` has no usable rows, so the audience keeps its members.",
        "See why the table is empty. If the audience is to be empty, set `allow_empty_audience` to true for it.",
    )
