"""A stand-in for Airbyte's orchestrator: drives any destination over real pipes, and judges it as the platform does.

    connection = Connection(CURRENT_PLATFORM, Destination(argv, config, folder), [stream])
    job = connection.job(scripted(stream.record(email="a@example.com"), stream.state('{"cursor":1}'), ...))
    job.attempt(interruption=kill(when=states_returned(1)))  # a process of its own, killed in the middle
    job.attempt().succeeded()                                # resumed from the last state that came back
    connection.job(next_source).attempt(hold_open_s=60)      # the next sync; every state must be out before its end

- `streams`, `source`: what a user configured, and what a source says of it.
- `hosts`: what every host does; `airbyte_platform` and `pyairbyte`: how each shapes the catalog and the messages.
- `jobs`: connections, jobs and attempts, with the states that are kept between them.
- `orchestrator`, `process`, `sent`, `interruption`: one attempt: fed, collected from, and cut short if asked to.
- `judgement`, `state_judgement`, `exact_json`: what the destination did wrong; `verdict`: what became of the attempt.

Nothing here knows a destination; the tests beside it run this project's own, and one that is faulty on demand.

Source: airbytehq/airbyte-platform at 310e6cb6, airbyte-container-orchestrator (read 2026-11-22); airbyte 0.71.3 on
PyPI, which is PyAirbyte (read 2026-11-22).
"""
