"""# delete_personal_data

Lists the contacts whose personal data is due for erasure: retention periods that end, and requests.

**When**: after `push_reactivation`, with its `as_of`. It stops at the due list: nothing is deleted yet.
With the sandbox, the sandbox's clock then moves on a day.

**In case of failure**: *the marts are of another night*: run `build_contact_status` for this night first. A
rerun is safe: it only reads.
"""

from airflow.sdk import dag

from reveil.airflow import BATCHES_PUSHED, DAG_OPTIONS, step


@dag(dag_id="delete_personal_data", schedule=[BATCHES_PUSHED], doc_md=__doc__, **DAG_OPTIONS)
def delete_personal_data() -> None:
    step("erase") >> step("close night")


delete_personal_data()
