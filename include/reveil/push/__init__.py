"""From decisions to messages and back: plan, intend, deliver, gather."""

from reveil.push.deliver import dry_run, push
from reveil.push.gather import gather
from reveil.push.plan import plan

__all__ = ["dry_run", "gather", "plan", "push"]
