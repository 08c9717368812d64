"""The connection's settings.

`connection_specification()` is what the platform draws the form from; `read_config()` is what the connector runs on.
Both come from the same models (`model.Config`), so they can't disagree.
"""

from destination_pinterest.config.api_address import PINTEREST_API
from destination_pinterest.config.columns import IdentityColumnSetting, OperationColumnSetting
from destination_pinterest.config.consent import ConsentColumnSetting
from destination_pinterest.config.credentials import AccessTokenCredentials, OAuthCredentials
from destination_pinterest.config.form import connection_specification
from destination_pinterest.config.learned import Learned, with_facts
from destination_pinterest.config.membership_store import LocalMembershipStore, S3MembershipStore
from destination_pinterest.config.model import DEFAULT_BATCH_SIZE, LARGEST_BATCH_SIZE, Config
from destination_pinterest.config.notify_url import notify_url_of
from destination_pinterest.config.object_storage import S3ObjectStorage
from destination_pinterest.config.pinterest_facts import PinterestFacts
from destination_pinterest.config.reading import migrate, read_config, unknown_keys
from destination_pinterest.config.setting import secret_settings

__all__ = [
    "DEFAULT_BATCH_SIZE",
    "LARGEST_BATCH_SIZE",
    "PINTEREST_API",
    "AccessTokenCredentials",
    "Config",
    "ConsentColumnSetting",
    "IdentityColumnSetting",
    "Learned",
    "LocalMembershipStore",
    "OAuthCredentials",
    "OperationColumnSetting",
    "PinterestFacts",
    "S3MembershipStore",
    "S3ObjectStorage",
    "connection_specification",
    "migrate",
    "notify_url_of",
    "read_config",
    "secret_settings",
    "unknown_keys",
    "with_facts",
]
