"""# push_reactivation

Brings the ESP's lists of regular messages in step with who is active (changes only), then plans tonight's
audience, checks it, and pushes its batches to the ESP, each exactly once.

**When**: after `build_contact_status`, with its `as_of`.

**In case of failure**: *sync_regular* can stop anywhere, and a rerun is safe: it compares again and goes on.
*plan* refuses when a source is stale or the marts are of another night; where a campaign's file is new or changed,
or a night above its `approve_above`, it waits under *Required Actions* for a person.
*check_audience* names the expectation
and the number of contacts. *push* can stop anywhere, and a rerun is safe: it reads the journal and asks the ESP,
goes on where it stopped, and mails nobody twice. `reveil pause` stops everything before the next start of a
campaign. What could not be decided is shown as `unknown` and never mailed that step again.
"""

from airflow.sdk import dag

from reveil.airflow import BATCHES_PUSHED, CONTACT_STATUS, DAG_OPTIONS, approvable_step, step


@dag(dag_id="push_reactivation", schedule=[CONTACT_STATUS], doc_md=__doc__, **DAG_OPTIONS)
def push_reactivation() -> None:
    (step("sync regular") >> approvable_step("plan") >> step("check audience") >> step("push", outlet=BATCHES_PUSHED))


push_reactivation()
