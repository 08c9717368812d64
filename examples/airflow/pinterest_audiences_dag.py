"""A DAG that keeps a project's audiences, after the tables that they are made of.

It needs `pip install "airbyte-destination-pinterest[cli]"` where the workers run, and a folder that they keep between
runs: PINTEREST_AUDIENCES_HOME holds the sign-in, which is renewed there. Workers without one folder in common take the
image and a volume instead (KubernetesPodOperator).
"""

from __future__ import annotations

import subprocess
from datetime import datetime, timedelta

from airflow.exceptions import AirflowException, AirflowFailException
from airflow.sdk import dag, task

PROJECT = "/opt/airflow/pinterest"
RUN = ["pinterest-audiences", "run", "--json", "--quiet"]
# EX_TEMPFAIL: everything that failed may succeed later.
TRY_AGAIN = 75


@dag(
    schedule="17 3 * * *",
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001 - Airflow reads it in its own time zone
    catchup=False,
    max_active_runs=1,
    tags=["pinterest"],
)
def pinterest_audiences() -> None:
    """Keeps the audiences."""

    @task(retries=3, retry_delay=timedelta(minutes=15), execution_timeout=timedelta(hours=6))
    def run() -> str:
        done = subprocess.run(RUN, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode == TRY_AGAIN:
            raise AirflowException("Some audiences have to wait; the log says why. They are tried again.")
        if done.returncode != 0:
            # Trying again would not help: somebody has to change something.
            raise AirflowFailException("Some audiences failed; the log says what to do.")
        return done.stdout

    run()


pinterest_audiences()
