"""# build_contact_status

Loads the landing files, checks the raw tables, builds the dbt models as of the night, checks the marts, and
publishes the copy that analysts read.

**When**: after `gather_results`, with its `as_of`.

**In case of failure**: *load* names file, column and line; correct or remove the file. *check_raw*,
*check_marts* name the expectation and the number of rows; open `data/data_docs/index.html`. *build* names
the model or test. Nothing has left the warehouse then, and analysts keep the last published copy. A rerun
is safe: files are recognised by their digest, models are rebuilt for the same `as_of`, the copy is swapped
in whole.
"""

from airflow.sdk import dag

from reveil.airflow import CONTACT_STATUS, DAG_OPTIONS, ESP_RESULTS, step


@dag(dag_id="build_contact_status", schedule=[ESP_RESULTS], doc_md=__doc__, **DAG_OPTIONS)
def build_contact_status() -> None:
    (
        step("load")
        >> step("check raw")
        >> step("build")
        >> step("check marts")
        >> step("publish", outlet=CONTACT_STATUS)
    )


build_contact_status()
