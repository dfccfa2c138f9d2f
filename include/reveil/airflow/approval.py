"""A step that waits for a person on Airflow's pages ("Required Actions") where its verb asks for approval."""

from __future__ import annotations

import logging
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator

from reveil.airflow.steps import POOL, run_step
from reveil.errors import NeedsApproval

log = logging.getLogger("reveil")

APPROVE = "Approve"
REJECT = "Reject"


class ApprovableStep(HITLOperator):  # type: ignore[misc]  # untyped where mypy looks
    """Runs a verb; where it raises NeedsApproval, the task parks without holding its pool slot, shows the reasons
    (counts and amounts, no personal data), and runs the verb again in the name of whoever approves. A rejection fails
    it."""

    is_attended = True
    """Whether somebody looks at Airflow's pages; without, the step fails and says how to approve it elsewhere."""

    def __init__(self, *, verb: str, **task_options: Any) -> None:
        super().__init__(
            subject=f"reveil: {verb} waits for your approval", options=[APPROVE, REJECT], pool=POOL, **task_options
        )
        self.verb = verb

    def execute(self, context: Any) -> Any:
        try:
            return run_step(self.verb, context, may_ask=self.is_attended)
        except NeedsApproval as error:
            log.info("%s: %s", self.verb, error)
            self.body = str(error)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        from airflow.sdk.exceptions import AirflowFailException

        answer = super().execute_complete(context, event)
        by = answer["responded_by_user"] or {}
        if answer["chosen_options"] != [APPROVE]:
            raise AirflowFailException(f"{self.verb}: rejected; the next night asks again")
        return run_step(self.verb, context, approved_by=by.get("name") or by.get("id") or "Airflow")


def approvable_step(verb: str) -> ApprovableStep:
    """A task like `step`, of a verb of `reveil.verbs.APPROVABLE`."""
    return ApprovableStep(task_id=verb.replace(" ", "_"), verb=verb)
