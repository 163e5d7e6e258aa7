"""Keep parts of templates that depend on a session out of Django's ``{% cache %}``."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.template import Context, NodeList
from django.templatetags.cache import CacheNode
from django.utils.safestring import SafeString


class Personal(Exception):  # noqa: N818 - not an error, but the way past the store
    """Carries a rendered fragment that must not be stored."""

    def __init__(self, text: SafeString) -> None:
        super().__init__()
        self.text = text


class Fragment(NodeList):
    """What stands between ``{% cache %}`` and ``{% endcache %}``; it is rendered only if the cache does not have it."""

    def render(self, context: Context) -> SafeString:
        """Return the text; raises ``Personal`` if it must not be stored."""
        text = super().render(context)
        state = getattr(getattr(context, "request", None), "_ory_mfa", None)
        if state is not None and state.known_session is not None:
            # SECURITY: the text may be about this person, and the cache would show it to the next visitor.
            raise Personal(text)
        return text


@cache
def protect_fragments() -> None:
    """Stop ``{% cache %}`` from storing anything of a request whose session is known.

    ``CacheNode.render`` stores what it has rendered at once, so that nothing may be returned to it.
    """
    node: Any = CacheNode
    start, render = node.__init__, node.render

    def __init__(self: Any, nodelist: NodeList, *args: Any) -> None:  # noqa: N807 - it replaces Django's
        fragment = Fragment(nodelist)
        fragment.contains_nontext = nodelist.contains_nontext
        start(self, fragment, *args)

    def render_past_store(self: Any, context: Context) -> SafeString:
        try:
            return render(self, context)  # type: ignore[no-any-return]
        except Personal as personal:
            return personal.text

    node.__init__, node.render = __init__, render_past_store
