"""# gather_results

Reads what recipients did (opens, clicks, bounces, unsubscribes, complaints) from the ESP into
`raw.esp_events`, makes unsubscribes global at the ESP, and fixes the night's `as_of` for the DAGs that
follow.

**When**: every night at 02:00 UTC. `as_of` is the end of the run's data interval, or the param `as_of`.

**In case of failure**: *wrong or missing credentials*: correct the connection `esp_default`, then clear the
task. *nothing answers*, *state unknown*: it retries by itself; look at the ESP when it gives up. *held by
…*: another process has the warehouse. A rerun is safe: every event has an id, each feed is read again from
its cursor, nothing is counted twice.
"""

from airflow.sdk import dag

from reveil.airflow import DAG_OPTIONS, ESP_RESULTS, step


@dag(dag_id="gather_results", schedule="0 2 * * *", doc_md=__doc__, **DAG_OPTIONS)
def gather_results() -> None:
    step("gather", outlet=ESP_RESULTS)


gather_results()
