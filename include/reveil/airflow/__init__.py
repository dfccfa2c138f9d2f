"""The seam to Airflow; nothing else of the package imports it."""

from reveil.airflow.approval import approvable_step
from reveil.airflow.steps import BATCHES_PUSHED, CONTACT_STATUS, DAG_OPTIONS, ESP_RESULTS, step

__all__ = ["BATCHES_PUSHED", "CONTACT_STATUS", "DAG_OPTIONS", "ESP_RESULTS", "approvable_step", "step"]
