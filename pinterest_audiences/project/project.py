"""A project: its audiences, each with all that its sync needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from destination_pinterest.config import read_config, unknown_keys
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from destination_pinterest.identity.identifier_like import looks_like_an_identifier
from destination_pinterest.routing.destination_object import named_by_id
from pinterest_audiences.alerts.reading import alert_settings
from pinterest_audiences.alerts.settings import AlertSettings
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_process import OWN_CONNECTOR
from pinterest_audiences.environment import AD_ACCOUNT
from pinterest_audiences.failures import UsageError, first_sentence
from pinterest_audiences.lookback import Lookback
from pinterest_audiences.project.dbt import Manifest, Relation
from pinterest_audiences.project.file import ELSEWHERE, AudienceEntry, FileOptionSettings, ProjectFile
from pinterest_audiences.project.reading import invalid, read_project_file
from pinterest_audiences.sign_in.arguments import opened_config
from pinterest_audiences.sources.text.options import TextOptions
from pinterest_audiences.sync_request import SyncRequest, read_identity
from pinterest_audiences.text_arguments import text_options

# Stands for a sign-in while settings are checked, which needs none.
_ANY_SIGN_IN: Final = {"credentials": {"auth_method": "access_token", "access_token": "-"}, "ad_account_id": "0"}


@dataclass(frozen=True, slots=True)
class Audience:
    """An entry of the file, with the file's defaults in it.

    `name` is its name in the file, `audience` that at Pinterest; `config` and `profile` say how it signs in, as
    the options of that name do; `relation` is where the rows of its dbt model are.
    """

    name: str
    audience: str
    entry: AudienceEntry
    source: str
    config: str | None
    profile: str | None
    relation: Relation | None
    settings: Mapping[str, Any]
    state_folder: Path

    @property
    def rejected_path(self) -> Path | None:
        """The file of its rejected rows, if it is wanted."""
        match self.entry.rejected:
            case str() as path:
                return Path(path)
            case True:
                return self.state_folder / f"{self.name}.rejected.jsonl"
            case _:
                return None

    def own_files(self) -> Iterator[Path]:
        """Yields the files that its runs write, whether they are there or not."""
        if self.rejected_path is not None:
            yield self.rejected_path
        if self.entry.cursor is not None:
            yield self._state_path

    @property
    def _state_path(self) -> Path:
        return self.state_folder / f"{self.name}.state.json"

    def request(self, *, variables: Mapping[str, str], quiet: bool = True) -> SyncRequest:
        """Returns the sync that keeps it; `variables` are added to the connector's environment."""
        entry = self.entry
        return SyncRequest(
            source=self.source,
            table=self.relation.table if self.relation is not None else entry.table,
            query=None if entry.query is None else entry.query.strip().rstrip(";").strip(),
            columns=self._columns(),
            stream=None,
            audience=self.audience,
            config=self.config,
            cursor=entry.cursor,
            state=None if entry.cursor is None else self._state_path,
            lookback=None if entry.lookback is None else Lookback.of(entry.lookback),
            primary_key=entry.primary_key,
            replace=entry.mode == "replace",
            identities=tuple(read_identity(f"{column}={kind}") for column, kind in (entry.identities or {}).items()),
            destination=OWN_CONNECTOR,
            batch_rows=entry.batch_rows,
            dry_run=False,
            offline=False,
            quiet=quiet,
            json=False,
            text=_text_options(entry.file),
            format=None if entry.file is None else entry.file.format,
            rejected=self.rejected_path,
            rejected_values=entry.rejected_values,
            settings=self.settings,
            variables=variables,
            profile=self.profile,
            destination_object=self._destination_object(),
            difference_schema=entry.difference_schema if entry.difference == "warehouse" else None,
        )

    def _destination_object(self) -> str | None:
        """Names the audience by its id, if the file does."""
        if self.entry.audience_id is None:
            return None
        return named_by_id(self.audience, self.settings["ad_account_id"], self.entry.audience_id)

    def config_file(self, environment: Mapping[str, str]) -> ConfigFile:
        """Reads the sign-in as it is now. Raises: UsageError."""
        account = self.settings.get("ad_account_id")
        given = {} if account is None else {AD_ACCOUNT: str(account)}
        return opened_config(self.config, self.profile, {**environment, **given})

    def _columns(self) -> tuple[str, ...] | None:
        entry = self.entry
        if not entry.columns:
            return None
        needed = () if entry.cursor is None else (entry.cursor,)
        return tuple(dict.fromkeys((*entry.columns, *needed, *entry.primary_key)))


@dataclass(frozen=True, slots=True)
class Project:
    """A project file that can be used. `folder` is where relative paths in it begin."""

    path: Path
    folder: Path
    state_folder: Path
    audiences: Sequence[Audience]
    alerts: AlertSettings

    def named(self, name: str) -> Audience | None:
        """The audience of that name in the file."""
        return next((audience for audience in self.audiences if audience.name == name), None)


def read_project(path: Path, environment: Mapping[str, str]) -> Project:
    """Reads a project file; its folder has to be the current one. Raises: UsageError."""
    file, lines = read_project_file(path, environment)
    resolving = _Resolving(path, file, lines, environment, Manifest(Path(file.dbt.manifest)))
    audiences = [resolving.audience(name, entry) for name, entry in file.audiences.items()]
    resolving.check_apart(audiences)
    return Project(path, path.parent, Path(file.state_folder), tuple(audiences), _alerts(file.alerts, environment))


def _alerts(own: AlertSettings, environment: Mapping[str, str]) -> AlertSettings:
    """Returns the file's, with the environment's addresses unless the file says where alerts go."""
    usual = None if "notify" in own.model_fields_set else alert_settings(None, environment)
    return own if usual is None else usual.overlaid(own)


@dataclass(frozen=True, slots=True)
class _Resolving:
    """Brings the file's parts together, and checks what no part can tell alone."""

    path: Path
    file: ProjectFile
    lines: Mapping[tuple[str | int, ...], int]
    environment: Mapping[str, str]
    manifest: Manifest

    def audience(self, name: str, own: AudienceEntry) -> Audience:
        """Raises: UsageError."""
        entry = self._with_defaults(own)
        config = entry.config or self.file.config
        relation = None if entry.model is None else self.manifest.relation_of(entry.model)
        found = Audience(
            name=name,
            audience=self._name_at_pinterest(name, entry),
            entry=entry,
            source=self._source(name, entry),
            config=None if config is None else str(Path(config).expanduser()),
            profile=entry.profile or self.file.profile,
            relation=relation,
            settings=self._settings(name, entry),
            state_folder=Path(self.file.state_folder),
        )
        self._check(found)
        return found

    def check_apart(self, audiences: Sequence[Audience]) -> None:
        """What replaces an audience would undo what another entry does to it; two that share a file would mix it up."""
        seen: dict[tuple[Any, ...], Audience] = {}
        files: dict[str, tuple[str, int]] = {}
        names: dict[str, str] = {}
        for each in audiences:
            # Files are named after it, and not all disks tell such names apart.
            other = names.setdefault(each.name.casefold(), each.name)
            if other != each.name:
                raise invalid(f"{self.path}: the names {other} and {each.name} differ in case alone. Rename one.")
            for number, path in enumerate(each.own_files()):
                found = files.setdefault(str(path.resolve()), (each.name, number))
                if found != (each.name, number):
                    raise self._wrong(each.name, "rejected", f"is a file of {found[0]} too; `true` gives each its own")
            key = (
                each.entry.audience_id or each.audience.casefold(),
                each.config,
                each.profile,
                str(each.settings.get("ad_account_id")),
            )
            other_entry = seen.setdefault(key, each)
            if other_entry is each or "replace" not in {each.entry.mode, other_entry.entry.mode}:
                continue
            if each.entry.mode == other_entry.entry.mode:
                raise self._wrong(each.name, "mode", f"replaces the same audience as {other_entry.name}")
            said = f"does not go with that of {other_entry.name}: one replaces the audience that the other adds to"
            raise self._wrong(each.name, "mode", said)

    def _with_defaults(self, own: AudienceEntry) -> AudienceEntry:
        defaults = self.file.defaults
        given = {key: getattr(defaults, key) for key in defaults.model_fields_set}
        given |= {key: getattr(own, key) for key in own.model_fields_set}
        both = {
            "settings": {**defaults.settings, **own.settings},
            "tags": tuple(dict.fromkeys((*defaults.tags, *own.tags))),
        }
        return own.model_construct(**{**given, **both})

    def _name_at_pinterest(self, name: str, entry: AudienceEntry) -> str:
        column = entry.settings.get("audience_column")
        return entry.audience or (f"{{{column}}}" if isinstance(column, str) and column.strip() else name)

    def _source(self, name: str, entry: AudienceEntry) -> str:
        named = entry.source or self.file.source
        if named is None and len(self.file.sources) == 1:
            return next(iter(self.file.sources.values()))
        if named is None:
            choice = "one of `sources`" if self.file.sources else "an address"
            raise self._wrong(name, "source", f"is missing; give it {choice}")
        return self.file.sources.get(named, named)

    def _settings(self, name: str, entry: AudienceEntry) -> Mapping[str, Any]:
        for key, instead in ELSEWHERE.items():
            if key in entry.settings:
                raise self._wrong(name, f"settings.{key}", f"has no place here; {instead}")
        account = {} if entry.ad_account_id is None else {"ad_account_id": entry.ad_account_id}
        return {**entry.settings, **account}

    def _check(self, audience: Audience) -> None:
        entry, name = audience.entry, audience.name
        given = [key for key in ("table", "query", "model") if getattr(entry, key) is not None]
        if len(given) > 1:
            raise self._wrong(name, given[1], f"stands beside `{given[0]}`; keep one of them")
        if entry.mode == "replace" and entry.cursor is not None:
            raise self._wrong(
                name, "cursor", "reads a part of the rows, and `mode: replace` needs all; keep one of them"
            )
        self._check_difference(name, entry)
        if entry.lookback is not None and entry.cursor is None:
            raise self._wrong(name, "lookback", "needs `cursor`")
        if entry.audience_id is not None and entry.ad_account_id is None:
            raise self._wrong(name, "audience_id", "needs `ad_account_id`, the account that has the audience")
        for key in ("audience_column", "ad_account_column", "also_in_ad_accounts"):
            if entry.audience_id is not None and entry.settings.get(key):
                raise self._wrong(name, "audience_id", f"names one audience, and `settings.{key}` several; keep one")
        if entry.audience_id is None and looks_like_an_identifier(audience.audience):
            line = self._line(name, "audience")
            raise UsageError(
                Code.STATIC_NAME_IDENTIFIES,
                f"{self.path}, line {line}: the name of the audience looks like an identifier of a person, and names "
                "are shown in many places. Give it another name.",
            )
        if entry.rejected_values and audience.rejected_path is None:
            raise self._wrong(name, "rejected_values", "needs `rejected`")
        try:
            request = audience.request(variables={})
        except UsageError as error:
            raise invalid(f"{self.path}, audience {name}: {error.message}") from None
        self._check_settings(audience, request)

    def _check_difference(self, name: str, entry: AudienceEntry) -> None:
        if entry.difference != "warehouse":
            return
        if entry.difference_schema is None:
            raise self._wrong(name, "difference", "needs `difference_schema`, the schema for what was last sent")
        if entry.mode != "replace":
            raise self._wrong(name, "difference", "needs `mode: replace`: the audience becomes equal to the rows")

    def _check_settings(self, audience: Audience, request: SyncRequest) -> None:
        """The connector's own model checks its settings."""
        try:
            config = read_config({**_ANY_SIGN_IN, **request.overlay()})
        except ConnectorError as error:
            what = first_sentence(error.message).rpartition("can't be used: ")[2].rstrip(".")
            raise self._wrong(audience.name, "settings", f"can't be used: {what}") from None
        for key in unknown_keys(config):
            raise self._wrong(audience.name, f"settings.{key}", "is no setting of the connector; see docs/settings.md")

    def _wrong(self, name: str, key: str, what: str) -> UsageError:
        return invalid(f"{self.path}, line {self._line(name, key)}: `{key}` of the audience {name} {what}.")

    def _line(self, name: str, key: str) -> int:
        parts = tuple(key.split("."))
        for path in _paths(name, parts):
            if path in self.lines:
                return self.lines[path]
        return 1


def _paths(name: str, parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where a key may stand, the likeliest first."""
    for length in range(len(parts), 0, -1):
        yield ("audiences", name, *parts[:length])
        yield ("defaults", *parts[:length])
    yield ("audiences", name)


def _text_options(options: FileOptionSettings | None) -> TextOptions:
    if options is None:
        return TextOptions()
    return text_options(
        options.encoding, options.delimiter, options.quote, has_header=options.header, skip_lines=options.skip_lines
    )
