"""# delete_personal_data

Erases the contacts who are due: requests every night, retention periods that ended on the weekday of the
settings (`erasure.retention_weekday`). At the provider, in the warehouse (as a new file), in landing files and
traces; then searches for what was erased, and writes the ledger. With `side_effects` other than
`send_and_erase` it stops at the due list.

**When**: after `push_reactivation`, with its `as_of`. With the sandbox, its clock then moves on a day.

The first run of each kind, and one above the limits of the settings, waits under *Required Actions* for a person:
look at `marts.erasure_due` first.

**In case of failure**: clear the task; a rerun is safe: an erasure goes on where it
stopped, and deletes nothing twice. *wait for the provider*: look at the ESP; nobody of them is mailed meanwhile.
*no room*: free disk space. *still found*: remove the value from the named place by hand. *the marts are of another
night*: run `build_contact_status` for this night first.
"""

from airflow.sdk import dag

from reveil.airflow import BATCHES_PUSHED, DAG_OPTIONS, approvable_step, step


@dag(dag_id="delete_personal_data", schedule=[BATCHES_PUSHED], doc_md=__doc__, **DAG_OPTIONS)
def delete_personal_data() -> None:
    approvable_step("erase") >> step("close night")


delete_personal_data()
