"""How things stand: read from the published copy, so that nobody waits for the nightly run."""

from __future__ import annotations

from reveil.errors import BadInput
from reveil.report import Report
from reveil.settings import Settings
from reveil.warehouse import connect, sql


def status(settings: Settings) -> Report:
    """Contacts per status and business line, who may be mailed, what is due for erasure, as of the last published
    night. Raises BadInput where nothing has been published yet."""
    if not settings.published.exists():
        raise BadInput(f"{settings.published}: nothing published yet; run `make nightly` or `reveil publish`")
    with connect(settings.published, read_only=True) as connection:
        as_of = connection.execute("select max(as_of) from marts.contact_status").fetchall()[0][0]
        statuses = connection.execute(sql("status_counts")).fetchall()
        refusals = dict(connection.execute(sql("status_refusals")).fetchall())
        leaks, leaked_to = connection.execute(sql("status_leaks")).fetchall()[0]
        sources = connection.execute(sql("status_freshness")).fetchall()
        due, overdue = connection.execute(sql("status_due")).fetchall()[0]
        late, nights = connection.execute(sql("status_overdue_nights")).fetchall()[0]
        not_erased = connection.execute(sql("status_not_erased")).fetchall()[0][0]
    night = f"{as_of:%Y-%m-%d %H:%M} UTC" if as_of else "no night: there are no contacts"
    lines = [f"as of {night}"]
    lines += [
        f"  {line}: {count:,} {name}, {mailable:,} of them may be mailed" for line, name, count, mailable in statuses
    ]
    lines += [f"  not to be mailed: {count:,} {reason}" for reason, count in refusals.items()]
    lines += [f"  source {table}: {verdict}, newest {newest}{note}" for table, verdict, newest, note in sources]
    lines.append(f"  due for erasure: {due:,}; overdue = {overdue:,}, above 0 on {late} of the last {nights} nights")
    if not_erased:
        lines.append(f"  {not_erased:,} erased people stand in the CRM's last export: not erased at source")
    if leaks:
        lines.append(
            f"  {leaks:,} regular messages went to {leaked_to:,} contacts who were dormant or lost that day: "
            "their sender does not use the lists `reveil regular …` (marts.regular_leaks)"
        )
    if settings.pause_file.exists():
        lines.append("  paused: nothing leaves until `reveil resume`")
    figures = {
        "as_of": as_of.isoformat() if as_of else None,
        "statuses": [
            {"business_line": line, "status": name, "contacts": count, "mailable": mailable}
            for line, name, count, mailable in statuses
        ],
        "not_mailable": refusals,
        "regular_leaks": {"messages": leaks, "contacts": leaked_to},
        "sources": {table: verdict for table, verdict, _, _ in sources},
        "due": due,
        "overdue": overdue,
        "overdue_nights": late,
        "not_erased_at_source": not_erased,
        "paused": settings.pause_file.exists(),
    }
    return Report("status", tuple(lines), figures)
